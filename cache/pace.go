package cache

import "time"

const (
	// pacedDistance is how far ahead of a follower, in bytes, a leader may be whose body is
	// not stored. With one write more it is less than what a fanout keeps.
	pacedDistance = fanoutWindow / 2 * segmentSize

	// pacedPatience is how long the leader waits for a follower that reads nothing. The
	// leader's own client is waited for without end: without the flight, too, the
	// backend would wait for it.
	pacedPatience = 5 * time.Second
)

// pace waits, while the body is not stored, for those whom the next bytes would cost
// what they have not read. It is called with mu held.
func (fl *flight) pace() {
	fl.fanout.paced = len(fl.readers) > 0 && !fl.fanout.filling
	if !fl.fanout.paced {
		return
	}
	for slow := fl.slowest(); slow != nil; slow = fl.slowest() {
		fl.await(slow)
	}
}

// slowest returns a follower that the leader has to wait for, nil when there is none.
// When the memory of all fanouts is used up, the next bytes come once the last are read.
func (fl *flight) slowest() *Follower {
	ahead := int64(pacedDistance)
	if all := fl.fanout.flights; all.held.Load() >= all.memory {
		ahead = 0
	}
	for _, f := range fl.readers {
		if !f.given && fl.fanout.total-f.seen > ahead {
			return f
		}
	}
	return nil
}

// await waits until something changes, and gives up the follower when it is the one
// that reads nothing for too long.
func (fl *flight) await(slow *Follower) {
	if slow == fl.own {
		fl.room.Wait()
		return
	}
	before := slow.seen
	timer := time.AfterFunc(pacedPatience, func() {
		fl.mu.Lock()
		defer fl.mu.Unlock()
		slow.given = slow.given || slow.seen == before
		fl.room.Signal()
	})
	defer timer.Stop()
	for slow.seen == before && !slow.given {
		fl.room.Wait()
	}
}
