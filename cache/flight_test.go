package cache

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
)

// follower reads a whole body through a Follow.
func follower(f *Follower, done <-chan struct{}, step int) ([]byte, error) {
	var out []byte
	p := make([]byte, step)
	for {
		n, err := f.Read(p, done)
		out = append(out, p[:n]...)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

func TestOneLeadsAllOthersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, fs := newStore(t, Options{}), NewFlights(FlightOptions{})
		k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 7*segmentSize+11)
		lead, none := fs.Join(k)
		if lead == nil || none != nil {
			t.Fatal("the first does not lead")
		}
		var wg sync.WaitGroup
		for i := range 100 {
			l, f := fs.Join(k)
			if l != nil || f == nil {
				t.Fatal("another leads as well")
			}
			wg.Go(func() {
				defer f.Leave()
				state, a, err := f.Wait(nil)
				if state != Streaming || err != nil || string(a.Meta) != "meta" || a.Status != 200 {
					t.Errorf("got %v %+v %v", state, a, err)
				}
				if got, err := follower(f, nil, 100+997*i); err != nil || !bytes.Equal(got, body) {
					t.Errorf("follower %d: got %d bytes, %v", i, len(got), err)
				}
			})
		}
		w := AcquireWriter()
		defer ReleaseWriter(w)
		s.Begin(w, k, fillOf(s, "meta"))
		lead.Announce(&Response{Status: 200, Meta: []byte("meta"), Size: -1}, w)
		for part := body; len(part) > 0; part = part[min(len(part), 5000):] {
			lead.Write(part[:min(len(part), 5000)])
			synctest.Wait()
		}
		if r := lead.Finish(); r != Stored {
			t.Error(r)
		}
		lead.Abandon() // deferred by the leader; says nothing any more
		wg.Wait()
		wantBody(t, s, k, body)
		if fs.Waiting() != 0 || fs.Flying() != 0 || fs.Held() != 0 {
			t.Errorf("left over: %d waiting, %d flying, %d bytes", fs.Waiting(), fs.Flying(), fs.Held())
		}
	})
}

func TestASlowFollowerReadsFromTheStore(t *testing.T) {
	s, fs := newStore(t, Options{MaxObject: 2 << 20}), NewFlights(FlightOptions{})
	k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 60*segmentSize+5)
	lead, _ := fs.Join(k)
	_, slow := fs.Join(k)
	_, idle := fs.Join(k)
	w := AcquireWriter()
	defer ReleaseWriter(w)
	s.Begin(w, k, fillOf(s, ""))
	lead.Announce(&Response{}, w)
	lead.Write(body)
	if got := fs.Held(); got > fanoutWindow*segmentSize {
		t.Errorf("the fanout holds %d bytes, at most %d are allowed", got, fanoutWindow*segmentSize)
	}
	_, late := fs.Join(k)
	lead.Finish()
	for _, f := range []*Follower{slow, late} {
		if got, err := follower(f, nil, 7777); err != nil || !bytes.Equal(got, body) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		f.Leave()
	}
	idle.Skip(int64(len(body)) - 3)
	if got, err := follower(idle, nil, 10); err != nil || !bytes.Equal(got, body[len(body)-3:]) {
		t.Errorf("the last three bytes: got %q, %v", got, err)
	}
	idle.Leave()
	if fs.Held() != 0 {
		t.Errorf("%d bytes are still held", fs.Held())
	}
}

func TestEveryEndWakesFollowers(t *testing.T) {
	broken := errors.New("connection reset")
	for _, tc := range []struct {
		name  string
		end   func(l *Leader)
		state FlightState
		err   error
	}{
		{"declined", func(l *Leader) { l.Decline() }, Declined, nil},
		{"failed", func(l *Leader) { l.Fail(broken) }, Failed, broken},
		{"failed for no reason", func(l *Leader) { l.Fail(nil) }, Failed, ErrAbandoned},
		{"abandoned", func(l *Leader) { l.Abandon() }, Failed, ErrAbandoned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, fs := newStore(t, Options{}), NewFlights(FlightOptions{})
				k := keyOf(s, "a.example", "/a")
				lead, _ := fs.Join(k)
				var wg sync.WaitGroup
				for range 10 {
					_, f := fs.Join(k)
					wg.Go(func() {
						defer f.Leave()
						if state, _, err := f.Wait(nil); state != tc.state || !errors.Is(err, tc.err) {
							t.Errorf("got %v %v, want %v %v", state, err, tc.state, tc.err)
						}
					})
				}
				synctest.Wait()
				tc.end(lead)
				wg.Wait()
				if next, _ := fs.Join(k); next == nil {
					t.Error("nobody can lead after the end")
				}
			})
		})
	}
}

func TestAFailureWithinTheBodyComesAfterItsBytes(t *testing.T) {
	s, fs := newStore(t, Options{}), NewFlights(FlightOptions{})
	k, broken := keyOf(s, "a.example", "/a"), errors.New("reset")
	lead, _ := fs.Join(k)
	_, f := fs.Join(k)
	defer f.Leave()
	w := AcquireWriter()
	defer ReleaseWriter(w)
	s.Begin(w, k, fillOf(s, ""))
	lead.Announce(&Response{}, w)
	lead.Write([]byte("half"))
	lead.Fail(broken)
	if got, err := follower(f, nil, 100); string(got) != "half" || err != broken {
		t.Errorf("got %q %v", got, err)
	}
	wantOutcome(t, s, k, Miss)
}

func TestPatienceEnds(t *testing.T) {
	s, fs := newStore(t, Options{}), NewFlights(FlightOptions{})
	k := keyOf(s, "a.example", "/a")
	lead, _ := fs.Join(k)
	defer lead.Abandon()
	_, f := fs.Join(k)
	defer f.Leave()
	done := make(chan struct{})
	close(done)
	if state, _, err := f.Wait(done); state != Waiting || err != ErrWait {
		t.Errorf("head: got %v %v", state, err)
	}
	lead.Announce(&Response{}, nil)
	if _, err := f.Read(make([]byte, 1), done); err != ErrWait {
		t.Errorf("body: got %v", err)
	}
	if state, _, _ := f.Wait(done); state != Streaming {
		t.Errorf("got %v, want streaming", state)
	}
}

func TestFlightsAreBounded(t *testing.T) {
	s, fs := newStore(t, Options{}), NewFlights(FlightOptions{Waiters: 2, Flights: 1})
	a, b := keyOf(s, "a.example", "/a"), keyOf(s, "a.example", "/b")
	lead, _ := fs.Join(a)
	_, one := fs.Join(a)
	_, two := fs.Join(a)
	if l, f := fs.Join(a); l != nil || f != nil {
		t.Error("a third waits")
	}
	if l, f := fs.Join(b); l != nil || f != nil {
		t.Error("a second flight began")
	}
	if fs.Lead(a) != nil {
		t.Error("a key is led twice")
	}
	if got := lead.Followers(); got != 2 {
		t.Errorf("got %d followers, want 2", got)
	}
	one.Leave()
	one.Leave()
	if _, f := fs.Join(a); f == nil {
		t.Error("a place that was left is not free")
	}
	two.Leave()
	lead.Decline()
	if fs.Lead(b) == nil {
		t.Error("no flight after the first has ended")
	}
}

// TestFlightsUnderLoad lets many goroutines fetch few keys; run with -race.
func TestFlightsUnderLoad(t *testing.T) {
	s, fs := newStore(t, Options{}), NewFlights(FlightOptions{Memory: 20 * segmentSize})
	var keys []Key
	var texts [][]byte
	for i := range 8 {
		keys = append(keys, keyOf(s, "a.example", string(rune('a'+i))))
		texts = append(texts, bodyOf(uint64(i), 1+i*11111))
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 60 {
				n := (g + i) % len(keys)
				lead, f := fs.Join(keys[n])
				switch {
				case lead != nil:
					w := AcquireWriter()
					s.Begin(w, keys[n], fillOf(s, ""))
					lead.Announce(&Response{Size: -1}, w)
					for part := texts[n]; len(part) > 0; part = part[min(len(part), 4000):] {
						lead.Write(part[:min(len(part), 4000)])
					}
					lead.Finish()
					ReleaseWriter(w)
				case f != nil:
					f.Wait(nil)
					if got, err := follower(f, nil, 3000); !errors.Is(err, ErrBehind) && (err != nil || !bytes.Equal(got, texts[n])) {
						t.Errorf("key %d: got %d bytes, %v", n, len(got), err)
					}
					f.Leave()
				}
			}
		})
	}
	wg.Wait()
	if fs.Held() != 0 || fs.Flying() != 0 || fs.Waiting() != 0 {
		t.Errorf("left over: %d bytes, %d flights, %d waiters", fs.Held(), fs.Flying(), fs.Waiting())
	}
}

// TestAFlightThatBeganBeforeAPurgeIsNotJoined holds that a request which came after a purge
// does not get what was fetched before it.
func TestAFlightThatBeganBeforeAPurgeIsNotJoined(t *testing.T) {
	for _, tc := range []struct {
		name  string
		purge func(s *Store)
		joins bool
	}{
		{"none", func(*Store) {}, true},
		{"another URL", func(s *Store) { s.PurgeURL(keyOf(s, "a.example", "/other"), false) }, true},
		{"another host", func(s *Store) { s.PurgeHost([]byte("b.example"), false) }, true},
		{"its URL, softly", func(s *Store) { s.PurgeURL(keyOf(s, "a.example", "/a"), true) }, true},
		{"its URL", func(s *Store) { s.PurgeURL(keyOf(s, "a.example", "/a"), false) }, false},
		{"its host", func(s *Store) { s.PurgeHost([]byte("a.example"), false) }, false},
		{"a prefix", func(s *Store) { s.PurgePrefix([]byte("a.example"), []byte("/"), false) }, false},
		{"all", func(s *Store) { s.PurgeAll(false) }, false},
	} {
		s := newStore(t, Options{Random: seeded(4)})
		f, k := NewFlights(FlightOptions{Store: s}), keyOf(s, "a.example", "/a")
		first, _ := f.Join(k)
		_, early := f.Join(k)
		tc.purge(s)
		second, late := f.Join(k)
		if (late != nil) != tc.joins || (second != nil) == tc.joins {
			t.Errorf("a purge of %s: got leader %v, follower %v", tc.name, second != nil, late != nil)
		}
		if want := int64(1); f.Flying() != want {
			t.Errorf("a purge of %s: %d flights may be joined, want %d", tc.name, f.Flying(), want)
		}
		first.Finish()
		if state, _, err := early.Wait(nil); state != Complete || err != nil {
			t.Errorf("a purge of %s: who came before it got %v, %v", tc.name, state, err)
		}
		early.Leave()
		if late != nil {
			late.Leave()
		}
		if second != nil {
			_, third := f.Join(k)
			if third == nil {
				t.Errorf("a purge of %s: the flight after it is not joined", tc.name)
			} else {
				third.Leave()
			}
			second.Finish()
		}
		if f.Flying() != 0 || f.Waiting() != 0 {
			t.Errorf("a purge of %s: left are %d flights, %d waiters", tc.name, f.Flying(), f.Waiting())
		}
	}
}
