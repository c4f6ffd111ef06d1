package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTraps lists what findTraps sees as "line:column what-to-write".
func TestTraps(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"alias", "host: *.example.com", []string{`1:7 "*.example.com"`}},
		{"alias in a list", "host:\n  - a\n  - *.example.com # star", []string{`3:5 "*.example.com"`}},
		{"alias in brackets", `host: ["a", *.example.com, b]`, []string{`1:13 "*.example.com"`}},
		{"two in one line", `{ path: /a/{x}, rewrite: /b/{x} }`, []string{`1:9 "/a/{x}"`, `1:26 "/b/{x}"`}},
		{"over lines", "{ path:\n    /a/{x} }", []string{`2:5 "/a/{x}"`}},
		{"rest", `{ path: /a/{rest:*}, upstream: web }`, []string{`1:9 "/a/{rest:*}"`}},
		{"variable", `[${A}, "${B}", ${C:-http://c}]`, []string{`1:2 "${A}"`, `1:16 "${C:-http://c}"`}},
		{"colon first", `listen: [:8080, ":9090"]`, []string{`1:10 ":8080"`}},
		{"colon inside", "body: User-agent: *", []string{`1:7 "User-agent: *"`}},
		{"reserved", "token: @a\nother: `b`\nthird: %c", []string{`1:8 "@a"`, "2:8 \"`b`\"", `3:8 "%c"`}},
		{"columns count characters", `é: [ü, :8080]`, []string{`1:8 ":8080"`}},
		{"quoted is fine", `{ path: "/a/{x}", 'b': '*.c', "d":[":1"] }`, nil},
		{"escaped quotes", `{ a: "\"{x} *y", b: 'it''s {z}' }`, nil},
		{"block scalars are text", "body: |\n  *a\n  {b: /c/{d}}\n\n  @e\nx: >-\n  [:8080]", nil},
		{"comments are not read", "# *a {b\na: b # {x: /y/{z}}", nil},
		{"known anchors", "a: &x 1\nb: *x\nc: [*x]\nd: { e: *x }", nil},
		{"plain braces outside of brackets", "path: /api/{id}\nurl: ${X:-http://a}\nlisten: :8080", nil},
		{"quote over lines", "a: \"b\n  *c\n  d\"\ne: *f", []string{`4:4 "*f"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, trap := range findTraps(tc.text) {
				write := trap.text[strings.LastIndex(trap.text, "write ")+len("write "):]
				got = append(got, fmt.Sprintf("%d:%d %s", trap.place.line, trap.place.column, write))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
