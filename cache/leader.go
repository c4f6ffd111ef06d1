package cache

import "slices"

// Leader is the place of the request that fetches; Flights.Join and Flights.Lead make it. It is
// one goroutine's at a time. The calls are Announce, then Write, then one of Finish, Decline, Fail
// and Abandon; a second end does nothing. It waits for a follower only where what that one misses
// is not stored: see pace.go.
type Leader struct {
	flight *flight
	writer *Writer
	left   bool
}

// Announce lets the followers go on: a response that may be shared begins. Call it once, before
// Write. It copies the bytes of the response. w is the fill that stores it, which Store.Begin has
// begun, or nil when it is not stored: then no other request can join any more. From here on the
// leader calls w's Write, Commit and Abort; the caller calls ReleaseWriter after the end.
func (l *Leader) Announce(a *Response, w *Writer) {
	fl := l.flight
	l.writer = w
	own := *a
	own.Meta, own.Fields = slices.Clone(a.Meta), slices.Clone(a.Fields)
	if w == nil {
		fl.land()
	}
	fl.change(func() {
		fl.response, fl.state = own, Streaming
		if w != nil {
			fl.fanout.store, fl.fanout.id, fl.fanout.filling = w.store, w.ID(), true
		}
	})
}

// Follow gives the leader's own client a place, beyond the bounds of Flights: the client may then
// be slow, or leave, without the fetch minding. Call it once, before Write; it never returns nil,
// and the follower must Leave. As long as the body is not stored, the leader waits for this
// follower however long it takes, so that nothing is lost for it.
func (l *Leader) Follow() *Follower {
	fl := l.flight
	fl.mu.Lock()
	defer fl.mu.Unlock()
	fl.own = fl.follow()
	return fl.own
}

// Wanted reports whether the rest of the body has a use: it is stored, or followers have not
// left.
func (l *Leader) Wanted() bool { return l.writer != nil || l.Followers() > 0 }

// Write stores the next bytes of the body and passes them to the followers, which are woken. It
// copies p. More than 64 KiB at once may cost followers bytes that they have not read. A fill
// that the store refuses meanwhile, because the body is too large or longer than announced, ends
// as by Unstore, and the fanout goes on. It may wait only when nothing is stored: see Unstore.
func (l *Leader) Write(p []byte) {
	fl := l.flight
	lost := false
	if l.writer != nil {
		if _, err := l.writer.Write(p); err != nil {
			l.writer, lost = nil, true
		}
	}
	if lost {
		fl.unstore()
	}
	fl.mu.Lock()
	defer fl.mu.Unlock()
	fl.pace()
	fl.fanout.append(p)
	fl.wake()
}

// Unstore ends the fill: no entry is stored. The fanout continues for the followers that
// have joined; no other can join. From then on Write waits for a follower that has much left to read:
// without end for the one of Follow, else until it has read nothing for 5 s; it may then lose
// the rest (ErrBehind). Without a fill it does nothing. Only the goroutine that leads may
// call it.
func (l *Leader) Unstore() {
	if l.writer == nil {
		return
	}
	l.writer.Abort()
	l.writer = nil
	l.flight.unstore()
}

// unstore notes that the next bytes are not stored. A later follower would miss some
// of them, so none can join any more.
func (fl *flight) unstore() {
	fl.land()
	fl.change(fl.fanout.unstore)
}

// Finish ends a body that is complete: the entry is committed, then nobody can
// join any more, then the followers see the end. It returns the result of the commit, Stored or a
// refusal, which the followers do not see; NotAdmitted when there was no fill, or none any more
// after a refusal in Write, Unstore or an earlier end.
func (l *Leader) Finish() Refusal {
	r := NotAdmitted
	if l.writer != nil {
		r = l.writer.Commit()
	}
	l.leave(Complete, nil)
	return r
}

// Decline ends the flight because the response may not be shared: each follower
// fetches for itself. It aborts the fill, and does nothing after another end. Remember the key
// with Store.Pass first, so that requests do not queue for it again.
func (l *Leader) Decline() { l.leave(Declined, nil) }

// Fail ends the flight with err, before the head of the response or within its body; nil is
// ErrAbandoned. Followers get err from Wait and Read. It aborts the fill, and does nothing after
// another end.
func (l *Leader) Fail(err error) {
	if err == nil {
		err = ErrAbandoned
	}
	l.leave(Failed, err)
}

// Abandon is Fail with ErrAbandoned unless the flight ended before: defer it,
// so that a panic strands nobody.
func (l *Leader) Abandon() { l.leave(Failed, ErrAbandoned) }

func (l *Leader) leave(to FlightState, err error) {
	if l.left {
		return
	}
	l.left = true
	if l.writer != nil {
		l.writer.Abort()
		l.writer = nil
	}
	l.flight.end(to, err)
	l.flight.release()
}

// Followers returns how many requests wait for or read from this flight, that of Follow included.
// Call it before the end only.
func (l *Leader) Followers() int {
	fl := l.flight
	fl.mu.Lock()
	defer fl.mu.Unlock()
	return max(0, fl.fanout.readers-1)
}

// Follower is the place of a request that waits for another's fetch; Flights.Join and
// Leader.Follow make it. It is one goroutine's at a time and must Leave in the end.
type Follower struct {
	flight  *flight
	at      int64
	seen    int64  // at, as the flight knows it; guarded by its mu
	given   bool   // not waited for any more; guarded likewise
	buf     []byte // of a segment that is read from the store
	segment int64  // its index
	left    bool
}

// Wait returns the state once the flight is beyond Waiting. The response is that of Announce,
// shared and not to be changed; it is zero when Announce was not called. The error is the
// leader's with Failed, else nil. When done is closed first, it returns Waiting, nil and ErrWait,
// and may be called again; a nil done is never closed.
func (f *Follower) Wait(done <-chan struct{}) (FlightState, *Response, error) {
	fl := f.flight
	for {
		fl.mu.Lock()
		state, err, changed := fl.state, fl.err, fl.changed
		fl.waited = fl.waited || state == Waiting
		fl.mu.Unlock()
		if state != Waiting {
			return state, &fl.response, err
		}
		select {
		case <-changed:
		case <-done:
			return Waiting, nil, ErrWait
		}
	}
}

// Skip makes Read go on at this place of the body, in bytes from its beginning, for a range. It
// must not be negative; beyond the end Read waits for the end and returns io.EOF.
func (f *Follower) Skip(to int64) { f.at = to }

// Leave ends following; Read and Wait must not be called afterwards. It may be called twice.
func (f *Follower) Leave() {
	if f.left {
		return
	}
	f.left = true
	if !f.flight.drop(f) {
		f.flight.fanout.flights.waiting.Add(-1)
	}
	f.flight.release()
}

// drop forgets a follower and reports whether it was the leader's own client.
func (fl *flight) drop(f *Follower) (own bool) {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	i := slices.Index(fl.readers, f)
	last := len(fl.readers) - 1
	fl.readers[i], fl.readers[last] = fl.readers[last], nil
	fl.readers, f.given = fl.readers[:last], true
	if own = fl.own == f; own {
		fl.own = nil
	}
	fl.room.Signal()
	return own
}

// release gives up one place; the last one frees what the fanout keeps.
func (fl *flight) release() {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	if fl.fanout.readers--; fl.fanout.readers == 0 {
		fl.fanout.free()
	}
}
