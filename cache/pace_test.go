package cache

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
)

// The leader's own client loses nothing of a body that is not stored, or no longer,
// however slow it is: the leader waits for it, and stops when it leaves.
func TestTheLeadWaitsForItsOwnClient(t *testing.T) {
	for name, limit := range map[string]int64{"never stored": 0, "too large half way": 40 * segmentSize} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, fs := newStore(t, Options{MaxObject: limit}), NewFlights(FlightOptions{Memory: 1})
				k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 100*segmentSize+7)
				lead, _ := fs.Join(k)
				own := lead.Follow()
				w := AcquireWriter()
				defer ReleaseWriter(w)
				if limit > 0 {
					s.Begin(w, k, fillOf(s, "meta"))
					lead.Announce(&Response{Status: 200, Size: -1}, w)
				} else {
					lead.Announce(&Response{Status: 200, Size: -1}, nil)
				}
				written := 0
				go func() {
					for part := body; len(part) > 0; part = part[min(len(part), 32<<10):] {
						lead.Write(part[:min(len(part), 32<<10)])
						written += min(len(part), 32<<10)
					}
					lead.Finish()
				}()
				synctest.Wait()
				if written == len(body) {
					t.Fatal("the leader did not wait")
				}
				got, err := follower(own, nil, 1000)
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("got %d bytes of %d, %v", len(got), len(body), err)
				}
				own.Leave()
				if fs.Waiting() != 0 || fs.Held() != 0 {
					t.Errorf("left over: %d waiting, %d bytes", fs.Waiting(), fs.Held())
				}
			})
		})
	}
}

func TestALeadWithoutItsClientIsUnwanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, fs := newStore(t, Options{}), NewFlights(FlightOptions{})
		lead, _ := fs.Join(keyOf(s, "a.example", "/a"))
		own := lead.Follow()
		lead.Announce(&Response{Status: 200, Size: -1}, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for lead.Wanted() {
				lead.Write(make([]byte, segmentSize))
			}
			lead.Fail(io.ErrUnexpectedEOF)
		}()
		synctest.Wait() // it waits for its client
		own.Leave()
		<-done
		if fs.Held() != 0 {
			t.Errorf("%d bytes are kept", fs.Held())
		}
	})
}

// Followers of a body that is not stored any more get all of it, as long as they
// read; one that does not is waited for only so long.
func TestTheLeadWaitsForFollowersThatRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, fs := newStore(t, Options{MaxObject: 40 * segmentSize}), NewFlights(FlightOptions{})
		k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 200*segmentSize+7)
		lead, _ := fs.Join(k)
		w := AcquireWriter()
		defer ReleaseWriter(w)
		_, slow := fs.Join(k)
		_, still := fs.Join(k)
		s.Begin(w, k, fillOf(s, "meta"))
		lead.Announce(&Response{Status: 200, Size: -1}, w)
		go func() {
			for part := body; len(part) > 0; part = part[min(len(part), 32<<10):] {
				lead.Write(part[:min(len(part), 32<<10)])
			}
			if r := lead.Finish(); r == Stored {
				t.Error("a body above the largest object was stored")
			}
		}()
		synctest.Wait()
		if l, f := fs.Join(k); l == nil || f != nil {
			t.Error("one joins that has missed what is not stored")
		} else {
			l.Abandon()
		}
		got, err := follower(slow, nil, 997)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("the slow one got %d bytes of %d, %v", len(got), len(body), err)
		}
		if _, err := follower(still, nil, 1000); !errors.Is(err, ErrBehind) {
			t.Errorf("the one that did not read got %v, want %v", err, ErrBehind)
		}
		slow.Leave()
		still.Leave()
		if fs.Waiting() != 0 || fs.Flying() != 0 || fs.Held() != 0 {
			t.Errorf("left over: %d waiting, %d flying, %d bytes", fs.Waiting(), fs.Flying(), fs.Held())
		}
	})
}
