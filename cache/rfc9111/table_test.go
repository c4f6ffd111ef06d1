package rfc9111

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// now is when a table's first response is received: a Sunday morning.
const now = Instant(1_792_310_400_123) // 2026-10-18T08:00:00.123Z

// row is one line of a table: columns separated by " | ". In the text {+10} is short
// for the HTTP date ten seconds after now.
type row struct {
	name string
	cols []string
}

// table reads testdata/name; every row must have that many columns beside its name,
// unless columns is 0.
func table(t *testing.T, name string, columns int) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		cols := strings.Split(dates(line), "|")
		for i := range cols {
			cols[i] = strings.TrimSpace(cols[i])
		}
		if columns > 0 && len(cols) != columns+1 {
			t.Fatalf("testdata/%s:%d: got %d columns, want %d", name, i+1, len(cols), columns+1)
		}
		rows = append(rows, row{cols[0], cols[1:]})
	}
	if len(rows) == 0 {
		t.Fatalf("testdata/%s has no rows", name)
	}
	return rows
}

var relative = regexp.MustCompile(`\{[+-]\d+\}`)

// dates fills in the dates.
func dates(text string) string {
	return relative.ReplaceAllStringFunc(text, func(m string) string {
		seconds, _ := strconv.Atoi(m[1 : len(m)-1])
		return string(AppendDate(nil, now.Add(time.Duration(seconds)*time.Second)))
	})
}

// section turns "A: b ~ C: d" into a field section.
func section(text string) *Lines {
	var l Lines
	for _, line := range strings.Split(text, "~") {
		if line = strings.TrimSpace(line); line != "" {
			l = append(l, line+"\r\n"...)
		}
	}
	return &l
}

// message splits "GET A: b ~ C: d", or the same with a status.
func message(text string) (start string, fields *Lines) {
	start, rest, _ := strings.Cut(text, " ")
	return start, section(rest)
}

// request reads "GET A: b"; "GET+body" has content.
func request(text string) Request {
	method, fields := message(text)
	name, body := strings.CutSuffix(method, "+body")
	q := ReadRequest(MethodOf([]byte(name)), fields)
	q.Body = body
	q.URI = URI{[]byte("http"), []byte("a.example"), []byte("/x?y")}
	return q
}

// respond reads "200 A: b" as a response received at an instant, a moment after it
// was asked for.
func respond(t *testing.T, text string, at Instant, p *Policy) (Response, *Lines) {
	t.Helper()
	start, fields := message(text)
	status, err := strconv.Atoi(start)
	if err != nil {
		t.Fatalf("response %q: %v", text, err)
	}
	return ReadResponse(status, fields, Times{Sent: at - 20, Received: at}, p), fields
}

// policy reads words such as "force ttl=60s 404=off".
func policy(t *testing.T, text string) *Policy {
	t.Helper()
	p := &Policy{StaleUnreachable: 10 * time.Minute}
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		d, _ := time.ParseDuration(value)
		switch key {
		case "force":
			p.Force = true
		case "no-heuristic":
			p.NoHeuristic = true
		case "cookies":
			p.StoreSetCookie = true
		case "client":
			p.ClientControl = true
		case "targets":
			p.Targets = strings.Split(value, ",")
		case "ttl":
			p.TTL = d
		case "stale":
			p.StaleWhileRevalidate = d
		case "unreachable":
			p.StaleUnreachable = d
		case "5xx":
			p.ByStatus = append(p.ByStatus, StatusTTL{500, 599, d, value == "off"})
		case "error":
			p.StaleServerError = d
		default:
			status, err := strconv.Atoi(key)
			if err != nil {
				t.Fatalf("policy %q: no word %q", text, key)
			}
			p.ByStatus = append(p.ByStatus, StatusTTL{status, status, d, value == "off"})
		}
	}
	return p
}
