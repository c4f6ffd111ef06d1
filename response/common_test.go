package response

import (
	"strings"
	"testing"
	"time"

	"penstock/headers"
)

func atNoon() time.Time { return noon }

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.FixedZone("", 3600))

const date = "Date: Sun, 01 Nov 2026 11:00:00 GMT\r\n"

// edits drops one field and adds another.
type edits struct{ drop, add string }

func (e edits) EditFields(b *headers.Block) {
	b.DropNamed([]byte(e.drop))
	if e.add != "" {
		b.Add([]byte(e.add), []byte("new"))
	}
}

func TestCommonFields(t *testing.T) {
	id := Common{IDName: []byte("X-Request-Id"), ID: []byte("7"), Now: atNoon}
	edited := id
	edited.Edits = edits{drop: "server", add: "X-Added"}
	for _, tc := range []struct {
		name        string
		c           Common
		lines, want string
	}{
		{"Date is added (9110 §6.6.1)", Common{Now: atNoon}, "A: 1\r\n", "A: 1\r\n" + date},
		{"a Date that is there stays", Common{Now: atNoon}, "Date: x\r\nA: 1\r\n", "Date: x\r\nA: 1\r\n"},
		{"the id comes first", id, "A: 1\r\n", "X-Request-Id: 7\r\nA: 1\r\n" + date},
		{"the id takes the place of another", id, "A: 1\r\nx-request-id: 8\r\nX-Request-ID: 9\r\n", "X-Request-Id: 7\r\nA: 1\r\n" + date},
		{"without an id one that is there stays", Common{Now: atNoon}, "X-Request-Id: 8\r\n", "X-Request-Id: 8\r\n" + date},
		{"edits drop and add", edited, "Server: o\r\nA: 1\r\n", "X-Request-Id: 7\r\nA: 1\r\nX-Added: new\r\n" + date},
		{"a Date that was edited away is ours", Common{Now: atNoon, Edits: edits{drop: "date"}}, "Date: x\r\nA: 1\r\n", "A: 1\r\n" + date},
		{"no fields at all", Common{Now: atNoon}, "", date},
		{"lines keep their order and their spelling", Common{Now: atNoon}, "b: 1\r\nA: 2\r\nb: 3\r\n", "b: 1\r\nA: 2\r\nb: 3\r\n" + date},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b, scratch headers.Block
			if p := b.Parse([]byte(tc.lines + "\r\n")); p != headers.NoProblem {
				t.Fatal(p)
			}
			if got := string(tc.c.Append([]byte("kept "), &b)); got != "kept "+tc.want {
				t.Errorf("of a block: got\n%q, want\n%q", got, "kept "+tc.want)
			}
			if strings.Contains(strings.ToLower(tc.lines), "x-request-id") && tc.c.IDName != nil {
				return // text of ours and of the store never has the id
			}
			dated := strings.Contains(tc.lines, "Date:")
			if got := string(tc.c.AppendLines([]byte("kept "), []byte(tc.lines), dated, &scratch)); got != "kept "+tc.want {
				t.Errorf("of text: got\n%q, want\n%q", got, "kept "+tc.want)
			}
		})
	}
}

func TestDroppedFieldsStayOut(t *testing.T) {
	var b headers.Block
	b.Parse([]byte("A: 1\r\nConnection: close\r\nB: 2\r\n\r\n"))
	b.Drop(headers.Connection)
	c := Common{Now: atNoon}
	if got, want := string(c.Append(nil, &b)), "A: 1\r\nB: 2\r\n"+date; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Text that cannot be parsed goes out as it is: it was read strictly before it was stored.
func TestLinesThatCannotBeParsed(t *testing.T) {
	var scratch headers.Block
	c := Common{Now: atNoon, Edits: edits{drop: "a"}}
	if got, want := string(c.AppendLines(nil, []byte("no colon\r\n"), true, &scratch)), "no colon\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
