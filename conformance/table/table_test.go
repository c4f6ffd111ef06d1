package table

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLinesThatSaySomethingAreRead(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("# comment\n\nfamily one\n  \n> GET  /\n>\n")}}
	var got []string
	if err := Read(files, "a.txt", func(l Line) error {
		got = append(got, fmt.Sprintf("%d %q %q %q", l.Number, l.Word, l.Rest, l.Text))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := `3 "family" "one" "family one"|5 ">" "GET  /" "> GET  /"|6 ">" "" ">"`
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

func TestErrorSaysWhereItIs(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("one\n\ntwo\nthree\n")}}
	fails := errors.New("no good")
	n := 0
	err := Read(files, "a.txt", func(l Line) error {
		if n++; l.Word == "two" {
			return fails
		}
		return nil
	})
	if !errors.Is(err, fails) || err.Error() != "a.txt:3: no good" || n != 2 {
		t.Errorf("got %v after %d lines", err, n)
	}
	if err := Read(files, "b.txt", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestEscapesAreBytes(t *testing.T) {
	shout := func(inside string) (string, error) {
		if inside == "" {
			return "", errors.New("nothing inside")
		}
		return strings.ToUpper(inside), nil
	}
	for _, tc := range []struct {
		text, want string
		braces     func(string) (string, error)
	}{
		{`a\r\n\t\0\s\\\{\x7f\xFFb`, "a\r\n\t\x00 \\{\x7f\xffb", nil},
		{`{now+5} and \{x}`, "{now+5} and {x}", nil},
		{`{now\t} and \{x}`, `NOW\T and {x}`, shout},
		{`a\d`, "error: escape \"\\\\d\" is not known", nil},
		{`a\`, "error: a backslash ends the line; write \\\\", nil},
		{`\xZZ`, "error: strconv.ParseUint", nil},
		{`\x1`, "error: escape", nil},
		{`{}`, "error: nothing inside", shout},
		{`{x`, "error: \"{x\": the brace is not closed", shout},
	} {
		got, err := Unescape(tc.text, tc.braces)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tc.want && !(err != nil && strings.HasPrefix(got, tc.want)) {
			t.Errorf("%s: got %q, want %q", tc.text, got, tc.want)
		}
	}
}
