package scripted

import (
	"sync"
	"time"
)

// State guards what scripts and a test share, and lets either wait for a change of it. Only NewState
// makes one. The functions passed to its methods must not call its methods.
type State struct {
	mu    sync.Mutex
	moved chan struct{} // closed and replaced by every change
}

// NewState returns a State that nobody waits for.
func NewState() *State { return &State{moved: make(chan struct{})} }

// Change calls do under the lock and wakes all that wait.
func (s *State) Change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.moved)
	s.moved = make(chan struct{})
}

// Look calls do under the lock. do changes nothing.
func (s *State) Look(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// Wait returns true once holds does, which it calls under the lock at once and after every change,
// and false when that takes longer than patience; zero or less means no limit.
func (s *State) Wait(patience time.Duration, holds func() bool) bool {
	var late <-chan time.Time // nil never comes
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		late = timer.C
	}
	for {
		s.mu.Lock()
		ok, moved := holds(), s.moved
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-moved:
		case <-late:
			return false
		}
	}
}
