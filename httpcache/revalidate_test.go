package httpcache

import (
	"strings"
	"testing"
	"time"

	"penstock/exchange"
)

// notModified is a 304 with more fields.
func notModified(after int64, fields ...string) string {
	return "304\r\n" + strings.Join(append(fields, `ETag: "a"`, "Date: "+date(after)), "\r\n") + "\r\n\r\n"
}

func TestRevalidation(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`, "X-A: 1"))
	s.get()
	s.wait(61 * time.Second)
	s.says(notModified(61, "Cache-Control: max-age=100", "X-A: 2"))
	got := s.get()
	s.wants(got, Serve, 200, "old", "fwd=stale; fwd-status=304; ttl=100; stored")
	if !strings.Contains(got.fields, "X-A: 2\r\n") {
		t.Errorf("the fields of the 304 are missing in %q", got.fields)
	}
	if q := s.log[len(s.log)-1]; !strings.Contains(q.fields, `If-None-Match: "a"`) {
		t.Errorf("the origin was asked with %q", q.fields)
	}
	s.wait(50 * time.Second)
	s.wants(s.get(), Serve, 200, "old", "hit; ttl=50")
}

// The client's own condition is not sent on: it is judged here, by what was stored.
func TestClientConditionsStayHere(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`))
	s.wants(s.get(`If-None-Match: "a"`), Serve, 304, "", "fwd=uri-miss; fwd-status=200; ttl=60; stored")
	if s.log[0].fields != "" {
		t.Errorf("the origin was asked with %q", s.log[0].fields)
	}
	s.wants(s.get("Range: bytes=1-1"), Serve, 206, "l", "hit")
}

// When a 304 confirms a response other than the stored one, the engine fetches anew.
func TestRevalidationOfAnotherResponse(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`))
	s.get()
	s.wait(61 * time.Second)
	s.answers(func(q *asked) (string, *exchange.Fault) {
		if strings.Contains(q.fields, "If-None-Match") {
			return "304\r\nETag: \"b\"\r\nDate: " + date(61) + "\r\n\r\n", nil
		}
		return rawResponse(200, "new", fresh, `ETag: "b"`), nil
	})
	s.wants(s.get(), Relay, 200, "new", "stored")
	if n := s.requests(); n != 3 {
		t.Errorf("the origin was asked %d times, want 3", n)
	}
}

// A 304 that forbids storing serves this client, and nobody after.
func TestRevalidatedAndNotKept(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`))
	s.get()
	s.wait(61 * time.Second)
	s.says(notModified(61, "Cache-Control: private"))
	s.wants(s.get(), Serve, 200, "old", `detail="private"`)
	s.says(rawResponse(200, "new", fresh))
	s.wants(s.get(), Relay, 200, "new", "fwd=uri-miss")
}

// A response that is served stale is revalidated by one background request, which sees the
// fields of the request that found it stale.
func TestRefreshInTheBackground(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", "Cache-Control: max-age=60, stale-while-revalidate=600", `ETag: "a"`))
	s.get()
	s.wait(61 * time.Second)
	s.says(notModified(61, "Cache-Control: max-age=60"))
	s.wants(s.get("X-Who: me"), Serve, 200, "old", "hit; ttl=-1; ")
	s.engine.fetches.Wait()
	if q := s.log[len(s.log)-1]; s.requests() != 2 || !strings.Contains(q.fields, "X-Who: me") || !strings.Contains(q.fields, `If-None-Match: "a"`) {
		t.Errorf("%d requests, the last with %q", s.requests(), q.fields)
	}
	s.wants(s.get(), Serve, 200, "old", "hit; ttl=60")
}

// A response to HEAD updates what is stored for GET, or outdates it (RFC 9111 §4.3.5).
func TestHeadUpdates(t *testing.T) {
	s := newScene(t, rawResponse(200, "old", fresh, `ETag: "a"`))
	s.get()
	s.wait(61 * time.Second)
	s.says(rawResponseAt(61, 200, "", fresh, `ETag: "a"`, "Content-Length: 3"))
	s.request("HEAD /a").do()
	if s.get(); s.requests() != 2 {
		t.Errorf("after a HEAD that freshens, the origin was asked %d times, want 2", s.requests())
	}
}
