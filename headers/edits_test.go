package headers

import (
	"strings"
	"testing"
)

func TestEditsApply(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		set, add  []Pair
		remove    []string
		want      string
	}{
		{"remove takes every line of a name", "X-A: 1\r\nB: 2\r\nx-a: 3\r\n", nil, nil, []string{"X-a"}, "B: 2\r\n"},
		{"remove a known name", "Cookie: 1\r\nB: 2\r\n", nil, nil, []string{"cookie"}, "B: 2\r\n"},
		{"set replaces all by one", "X-A: 1\r\nx-a: 2\r\nB: 3\r\n", []Pair{{"X-A", "new"}}, nil, nil, "B: 3\r\nX-A: new\r\n"},
		{"set adds what was not there", "B: 3\r\n", []Pair{{"X-A", "new"}}, nil, nil, "B: 3\r\nX-A: new\r\n"},
		{"add keeps what is there", "X-A: 1\r\n", nil, []Pair{{"X-A", "2"}}, nil, "X-A: 1\r\nX-A: 2\r\n"},
		{"remove, then set, then add", "X-A: 1\r\n", []Pair{{"X-A", "2"}}, []Pair{{"X-A", "3"}}, []string{"X-A"}, "X-A: 2\r\nX-A: 3\r\n"},
		{"an empty value is a value", "X-A: 1\r\n", []Pair{{"X-A", ""}}, nil, nil, "X-A: \r\n"},
		{"white space around a value is not part of it", "", []Pair{{"X-A", " b "}}, nil, nil, "X-A: b\r\n"},
		{"only the named X-Forwarded field", "X-Forwarded-Ssl: on\r\nX-Forwarded-User: u\r\n", nil, nil, []string{"X-Forwarded-User"}, "X-Forwarded-Ssl: on\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, err := NewEdits(tc.set, tc.add, tc.remove)
			if err != nil {
				t.Fatal(err)
			}
			var b Block
			b.Parse([]byte(tc.raw))
			e.Apply(&b)
			if got := string(b.Append(nil)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	var b Block
	b.Parse([]byte("A: 1\r\n"))
	(*Edits)(nil).Apply(&b)
	if got := string(b.Append(nil)); got != "A: 1\r\n" {
		t.Errorf("no edits: got %q", got)
	}
}

func TestNewEditsRefuses(t *testing.T) {
	for _, tc := range []struct {
		pair Pair
		want string
	}{
		{Pair{"Host", "a"}, "header Host: the upstream decides"},
		{Pair{"content-length", "5"}, "the gateway writes this field itself"},
		{Pair{"Transfer-Encoding", "chunked"}, "the gateway writes this field itself"},
		{Pair{"Connection", "close"}, "the gateway writes this field itself"},
		{Pair{"Via", "1.1 me"}, "the gateway writes this field itself"},
		{Pair{"X_Forwarded_For", "1"}, "backends may read"},
		{Pair{"", "a"}, `header "": not a field name`},
		{Pair{"X A", "a"}, `header "X A": not a field name`},
		{Pair{"X-A:", "a"}, `header "X-A:": not a field name`},
		{Pair{"X-A", "a\r\nB: c"}, "header X-A: control character 0x0d in the value"},
		{Pair{"X-A", "a\x00"}, "header X-A: control character 0x00 in the value"},
	} {
		for kind, compile := range map[string]func() (*Edits, error){
			"set": func() (*Edits, error) { return NewEdits([]Pair{tc.pair}, nil, nil) },
			"add": func() (*Edits, error) { return NewEdits(nil, []Pair{tc.pair}, nil) },
			"remove": func() (*Edits, error) {
				if strings.Contains(tc.want, "value") {
					return NewEdits([]Pair{tc.pair}, nil, nil)
				}
				return NewEdits(nil, nil, []string{tc.pair.Name})
			},
		} {
			if _, err := compile(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s %q: got %v, want an error with %q", kind, tc.pair, err, tc.want)
			}
		}
	}
}
