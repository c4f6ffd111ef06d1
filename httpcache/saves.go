package httpcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"penstock/cache"
	"penstock/ops"
)

// Saver saves a store for the next start of the process and loads it. Only NewSaver makes one. It
// is safe for concurrent use. A nil Saver saves nothing: Start and PrepareLastSave may be called on
// it, Load and Describe panic.
type Saver struct {
	store *cache.Store
	path  string
	log   *slog.Logger
	now   func() time.Time
	done  sync.WaitGroup // of the goroutine of the periodic saves

	mu     sync.Mutex
	stop   context.CancelFunc // ends the periodic saves; nil when there are none
	loaded string
	last   time.Time
	err    error
}

// SaverOptions are what a Saver is made from.
type SaverOptions struct {
	Store *cache.Store     // must not be nil
	Path  string           // a folder; must not be empty
	Log   *slog.Logger     // must not be nil
	Now   func() time.Time // must not be nil
}

// NewSaver makes a Saver. It touches no file, checks nothing and starts nothing.
func NewSaver(o SaverOptions) *Saver {
	return &Saver{store: o.Store, path: o.Path, log: o.Log, now: o.Now}
}

// Describe writes into status the result of Load, the time of the last save that succeeded, zero
// when there was none, and the error of the last save when it failed.
func (s *Saver) Describe(status *ops.CacheStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status.Loaded, status.LastSave = s.loaded, s.last
	if s.err != nil {
		status.SaveError = s.err.Error()
	}
}

// Load fills the store with what an earlier process saved. Call it once, before the store is used
// and before Start. It does not fail: files that cannot be used are a warning in the log, and the
// store stays empty.
func (s *Saver) Load() {
	result, err := s.store.Load(s.path)
	s.mu.Lock()
	s.loaded = result.String()
	s.mu.Unlock()
	switch result {
	case cache.Loaded:
		s.log.Info("the cache was loaded", "path", s.path, "bytes", s.store.Stats().UsedBytes)
	case cache.NothingSaved:
		s.log.Info("the cache starts empty: nothing was saved", "path", s.path)
	default:
		s.log.Warn("the cache starts empty: what was saved cannot be used", "path", s.path, "result", result.String(), "error", err)
	}
}

// Start saves the store once in every period, first when one has passed, until PrepareLastSave. A
// save that fails is in the log and in the state; the next period saves again. On a nil Saver, when
// it has started, and where every is zero or less, Start does nothing.
func (s *Saver) Start(every time.Duration) {
	if s == nil || every <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = s.save(ctx) // it is in the log
			}
		}
	})
}

// save saves the store once.
func (s *Saver) save(ctx context.Context) error {
	began := s.now()
	err := s.store.Save(ctx, s.path)
	if errors.Is(err, context.Canceled) {
		return err // by the last save, which replaces it
	}
	now := s.now()
	s.mu.Lock()
	if s.err = err; err == nil {
		s.last = now
	}
	s.mu.Unlock()
	if err != nil {
		s.log.Error("the cache could not be saved; what was saved before stays", "path", s.path, "error", err)
		return fmt.Errorf("save the cache: %w", err)
	}
	s.log.Info("the cache was saved", "path", s.path, "took", now.Sub(began))
	return nil
}

// LastSave is the save at the end of the process. It has a goroutine of its own, so that a
// disk on which nothing moves does not keep the process. The zero value saves nothing.
type LastSave struct {
	begin  context.CancelFunc
	cancel context.CancelFunc
	ended  chan error // nil when nothing is saved
}

// PrepareLastSave ends the periodic saves. The store is saved when Begin is called, or when
// half of the time until the deadline of ctx is over: connections that last until then leave it
// the rest. Without a deadline only Begin begins it, and the end of ctx does not end it. Call it
// once, and Wait afterwards. On a nil Saver nothing is saved.
func (s *Saver) PrepareLastSave(ctx context.Context) LastSave {
	if s == nil {
		return LastSave{}
	}
	s.mu.Lock()
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	half, begin := context.WithCancel(context.Background())
	if deadline, ok := ctx.Deadline(); ok {
		half, begin = context.WithTimeout(context.Background(), time.Until(deadline)/2)
	}
	saving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	last := LastSave{begin: begin, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		<-half.Done()
		s.done.Wait()
		last.ended <- s.save(saving)
	}()
	return last
}

// Begin begins the save, unless it has begun, and does not wait for it.
func (l *LastSave) Begin() {
	if l.begin != nil {
		l.begin()
	}
}

// Wait waits for the end of the save, which it does not begin, and returns its error: nil when the
// store was saved or nothing is to be saved. When both contexts are done it gives the save up and
// returns an error that wraps that of rest. Call it once.
func (l *LastSave) Wait(ctx, rest context.Context) error {
	if l.ended == nil {
		return nil
	}
	defer l.cancel()
	for _, c := range []context.Context{ctx, rest} {
		select {
		case err := <-l.ended:
			return err
		case <-c.Done():
		}
	}
	return fmt.Errorf("the last save of the cache was given up; what was saved before stays: %w", rest.Err())
}
