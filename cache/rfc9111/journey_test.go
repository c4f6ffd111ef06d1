package rfc9111

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// journey is a response that is stored and a request some time later.
type journey struct {
	policy        string
	first, answer string
	after         time.Duration
	then          string
	want          string
}

func readJourney(t *testing.T, r row) journey {
	t.Helper()
	j := journey{first: "GET", then: "GET"}
	for _, col := range r.cols {
		key, text, _ := strings.Cut(col, " ")
		switch key {
		case "policy":
			j.policy = text
		case "first":
			j.first = text
		case "answer":
			j.answer = text
		case "after":
			seconds, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatalf("%s: %v", r.name, err)
			}
			j.after = time.Duration(seconds * float64(time.Second))
		case "then":
			j.then = text
		case "want":
			j.want = text
		default:
			t.Fatalf("%s: no column %q", r.name, key)
		}
	}
	return j
}

// run stores the response, waits, and returns what the later request gets: "refused
// REASON", or the use; after stale-if-error comes on which failures it counts.
func (j journey) run(t *testing.T) string {
	t.Helper()
	p := policy(t, j.policy)
	first, then := request(j.first), request(j.then)
	r, _ := respond(t, j.answer, now, p)
	if why := MayStore(&first, &r, p); why != Storable {
		return "refused " + why.String()
	}
	m := NewMeta(&r, p)
	var kept Meta
	if !kept.Decode(m.Append(nil)) || kept != m {
		t.Fatalf("encoding: got %+v, want %+v", kept, m)
	}
	later := now.Add(j.after)
	d := Decide(&kept, &then, p, later)
	got := d.Use.String()
	if d.Use == StaleIfError {
		if UsableOnError(&kept, &then, p, Unreachable, later) {
			got += " unreachable"
		}
		if UsableOnError(&kept, &then, p, ServerError, later) {
			got += " error"
		}
	}
	return got
}

func runJourneys(t *testing.T, name string) {
	t.Helper()
	for _, r := range table(t, name, 0) {
		t.Run(r.name, func(t *testing.T) {
			j := readJourney(t, r)
			if got := j.run(t); got != j.want {
				t.Errorf("%+v: got %q, want %q", j, got, j.want)
			}
		})
	}
}

func TestFreshness(t *testing.T)  { runJourneys(t, "freshness.txt") }
func TestDirectives(t *testing.T) { runJourneys(t, "directives.txt") }
func TestStale(t *testing.T)      { runJourneys(t, "stale.txt") }
func TestStorable(t *testing.T)   { runJourneys(t, "storable.txt") }
func TestTargeted(t *testing.T)   { runJourneys(t, "targeted.txt") }
func TestDemands(t *testing.T)    { runJourneys(t, "demands.txt") }

// The 18 statuses of the pairs in RFC 9111 §3: any final one with explicit
// freshness is stored and reused, and not reused once that is over.
func TestEveryFinalStatusWithFreshness(t *testing.T) {
	for _, status := range strings.Fields("200 203 204 299 301 302 303 307 308 400 404 410 499 500 502 503 504 599") {
		fresh := journey{first: "GET", then: "GET", answer: status + " Cache-Control: max-age=3600", after: 3 * time.Second}
		if got := fresh.run(t); got != "fresh" {
			t.Errorf("%s with max-age: got %q, want fresh", status, got)
		}
		past := journey{first: "GET", then: "GET", answer: dates(status + " Expires: {-10}"), after: 3 * time.Second}
		if got := past.run(t); got != "refused stale" {
			t.Errorf("%s with a past Expires: got %q, want refused stale", status, got)
		}
	}
}

// Statuses that RFC 9110 §15.1 does and does not call heuristically cacheable.
func TestHeuristicByStatus(t *testing.T) {
	for status, want := range map[string]string{
		"200": "fresh", "203": "fresh", "204": "fresh", "404": "fresh", "405": "fresh", "410": "fresh", "414": "fresh",
		"501": "fresh", "300": "fresh", "301": "fresh", "308": "fresh",
		"201": "refused status", "202": "refused status", "403": "refused status", "502": "refused status",
		"503": "refused status", "504": "refused status", "599": "refused status", "302": "refused status",
		"206": "refused partial", "304": "refused not-modified", "103": "refused interim",
	} {
		j := journey{first: "GET", then: "GET", answer: dates(status + " Last-Modified: {-86400} ~ Date: {+0}"), after: 3 * time.Second}
		if got := j.run(t); got != want {
			t.Errorf("%s with Last-Modified alone: got %q, want %q", status, got, want)
		}
	}
}

// A tenth of the age: from a minute up, three seconds later is fresh (RFC 9111 §4.2.2).
func TestHeuristicTenth(t *testing.T) {
	for ago, want := range map[string]string{
		"5": "stale-if-error unreachable", "29": "stale-if-error unreachable", "60": "fresh", "300": "fresh", "86400": "fresh",
	} {
		j := journey{first: "GET", then: "GET", answer: dates("200 Date: {+0} ~ Last-Modified: {-" + ago + "}"), after: 3 * time.Second}
		if got := j.run(t); got != want {
			t.Errorf("Last-Modified %s s back: got %q, want %q", ago, got, want)
		}
	}
	p := &Policy{}
	r, _ := respond(t, dates("200 Date: {+0} ~ Last-Modified: {-864000000}"), now, p)
	if got, source := r.Lifetime(p); got != 24*time.Hour || source != FromModified {
		t.Errorf("27 years old: got %v from %v, want 24h from %v", got, source, FromModified)
	}
}
