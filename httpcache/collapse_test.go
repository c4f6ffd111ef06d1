package httpcache

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"penstock/exchange"
)

// crowd plays a leader and followers. The origin waits for a second, in which all followers
// begin to wait, and then sends what respond returns for the number of the request.
func crowd(t *testing.T, followers int, respond func(n int) (string, *exchange.Fault), then func(s *scene, results []result)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "")
		n := 0
		s.answers(func(*asked) (string, *exchange.Fault) {
			time.Sleep(time.Second)
			s.mu.Lock()
			defer s.mu.Unlock()
			n++
			return respond(n)
		})
		results := make([]result, followers+1)
		var all sync.WaitGroup
		for i := range results {
			all.Go(func() { results[i] = s.get() })
			synctest.Wait()
		}
		all.Wait()
		then(s, results)
	})
}

func TestFollowersShareOneFetch(t *testing.T) {
	crowd(t, 20, func(int) (string, *exchange.Fault) { return rawResponse(200, "x", fresh), nil }, func(s *scene, results []result) {
		s.wants(results[0], Relay, 200, "x", "stored")
		for _, r := range results[1:] {
			s.wants(r, Serve, 200, "x", "; collapsed")
		}
		if s.requests() != 1 || s.engine.flights.Waiting() != 0 {
			s.t.Errorf("%d requests, %d wait", s.requests(), s.engine.flights.Waiting())
		}
	})
}

// Followers of a response that is not shared ask for themselves, and later ones do not wait.
func TestFollowersOfADeclinedResponse(t *testing.T) {
	crowd(t, 5, func(int) (string, *exchange.Fault) { return rawResponse(200, "x", "Cache-Control: no-store"), nil }, func(s *scene, results []result) {
		for _, r := range results {
			s.wants(r, Relay, 200, "x", "fwd=uri-miss")
		}
		if s.requests() != 6 {
			s.t.Errorf("%d requests, want 6", s.requests())
		}
		if r := s.request("GET /a").begin(); r.engine.store.Passes(r.t.keys.key) == false {
			s.t.Error("the key is not remembered")
		}
	})
}

// Another request asks when the leader's fetch fails; after a second failure all get it.
func TestFollowersOfAFailure(t *testing.T) {
	down := &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream}
	crowd(t, 10, func(int) (string, *exchange.Fault) { return "", down }, func(s *scene, results []result) {
		for _, r := range results {
			if r.outcome != Refuse || r.fault != down {
				s.t.Errorf("got %v %v, want the origin's fault", r.outcome, r.fault)
			}
		}
		if n := s.requests(); n > 3 {
			s.t.Errorf("%d requests for 11 clients", n)
		}
	})
	crowd(t, 10, func(n int) (string, *exchange.Fault) {
		if n == 1 {
			return "", down
		}
		return rawResponse(200, "x", fresh), nil
	}, func(s *scene, results []result) {
		for _, r := range results[1:] {
			if r.status != 200 || r.body != "x" {
				s.t.Errorf("got %d %q", r.status, r.body)
			}
		}
		if n := s.requests(); n != 2 {
			s.t.Errorf("%d requests, want 2", n)
		}
	})
}

// A follower for which another variant is right does not get the leader's.
func TestFollowersOfAnotherVariant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "")
		s.answers(func(q *asked) (string, *exchange.Fault) {
			time.Sleep(time.Second)
			_, lang, _ := strings.Cut(q.fields, "X-L: ")
			return rawResponse(200, lang[:2], fresh, "Vary: X-L"), nil
		})
		var all sync.WaitGroup
		for _, lang := range []string{"de", "fr", "de"} {
			all.Go(func() {
				if got := s.get("X-L: " + lang); got.body != lang {
					t.Errorf("asked for %s, got %q", lang, got.body)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if n := s.requests(); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
}

// A request waits for the fetch of another at most so long, and then asks the origin itself.
func TestFollowersWaitNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, "")
		s.rule.Wait = 5 * time.Second
		s.answers(func(q *asked) (string, *exchange.Fault) {
			if strings.Contains(q.fields, "X-Slow") {
				time.Sleep(time.Hour)
			}
			return rawResponse(200, "x", fresh), nil
		})
		var slow sync.WaitGroup
		slow.Go(func() { s.get("X-Slow: 1") })
		synctest.Wait()
		began := time.Now()
		s.wants(s.get(), Relay, 200, "x", "fwd=uri-miss; fwd-status=200; ttl=60; stored")
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it waited %v, want 5s", took)
		}
		if s.wants(s.get(), Serve, 200, "x", "hit"); s.requests() != 2 {
			t.Errorf("%d requests, want 2", s.requests())
		}
		slow.Wait()
	})
}
