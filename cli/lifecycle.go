package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"
)

// signals are the channels that the operating system's signals arrive on.
type signals struct {
	stop, reload, reopen chan os.Signal
}

// listenForSignals takes over the signals that the gateway understands. When the reader
// of an output has left, writing to it is an error from now on and not the end.
func listenForSignals() signals {
	if list := pipeSignals(); len(list) > 0 { // Ignore without a list means all
		signal.Ignore(list...)
	}
	s := signals{make(chan os.Signal, 2), make(chan os.Signal, 1), make(chan os.Signal, 1)}
	signal.Notify(s.stop, stopSignals()...)
	if list := reloadSignals(); len(list) > 0 { // and so does Notify
		signal.Notify(s.reload, list...)
	}
	if list := reopenSignals(); len(list) > 0 {
		signal.Notify(s.reopen, list...)
	}
	return s
}

func (s signals) forget() {
	signal.Stop(s.stop)
	signal.Stop(s.reload)
	signal.Stop(s.reopen)
	if list := pipeSignals(); len(list) > 0 { // and so does Reset
		signal.Reset(list...)
	}
}

// wait follows signals and file changes until the end, and returns the exit code.
func (s *service) wait(sig signals, parts []part) int {
	ctx, cancel := context.WithCancel(context.Background())
	var follower sync.WaitGroup
	follower.Go(func() { s.follow(ctx, sig) })
	code := exitGood
	select {
	case first := <-sig.stop:
		s.gateway.Drain() // act first, log after
		s.log.Info("shutting down", "signal", first.String())
	case err := <-s.gateway.Fatal():
		s.gateway.Drain()
		s.log.Error("shutting down", "error", err)
		code = exitFailed
	}
	ended := make(chan int, 1)
	go func() {
		cancel()
		follower.Wait()
		ended <- s.shutdown(parts, code)
	}()
	result, second := untilEnd(ended, sig.stop)
	if second != nil {
		s.log.Warn("ending at once", "signal", second.String())
	}
	return result
}

// sameStop is how long after the first signal to stop another one means the same:
// supervisors, terminals and scripts often send two.
const sameStop = time.Second

// untilEnd returns the code that comes from ended, or exitFailed and the signal that
// asked, later than sameStop, not to wait for it.
func untilEnd(ended <-chan int, stop <-chan os.Signal) (code int, second os.Signal) {
	begin := time.Now()
	for {
		select {
		case code := <-ended:
			return code, nil
		case second := <-stop:
			if time.Since(begin) >= sameStop {
				return exitFailed, second
			}
		}
	}
}

// follow reloads and reopens as signals and files ask, one thing at a time.
func (s *service) follow(ctx context.Context, sig signals) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-sig.reload:
			_ = s.reload("signal") // it is in the log
		case <-s.watched.events:
			s.followFile()
		case <-s.held.due:
			s.followFile()
		case <-sig.reopen:
			s.reopen()
		}
	}
}

// reopen follows a log rotation.
func (s *service) reopen() {
	if s.access == nil {
		return
	}
	if err := s.access.Reopen(); err != nil {
		s.log.Error("the access log stays in its old file", "error", err)
		return
	}
	s.log.Info("access log reopened")
}

// drain ends the gateway. For the configured delay the gateway is not ready but still accepts
// requests; then requests under way have until the deadline.
func (s *service) drain(context.Context) error {
	times := s.gateway.Config().Timeouts.Drain
	s.gateway.Drain()
	if times.Delay > 0 {
		s.log.Info("not ready, still serving", "delay", times.Delay.String())
		<-time.After(times.Delay)
	}
	ctx, cancel := context.WithTimeout(context.Background(), times.Deadline)
	defer cancel()
	return s.gateway.Shutdown(ctx)
}

// shutdown ends parts, the last one first, and returns the exit code. A part that misses its
// deadline is only a warning, because the operator has set the deadline.
func (s *service) shutdown(parts []part, code int) int {
	for i := len(parts) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(context.Background(), partGrace)
		err := parts[i].shutdown(ctx)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			s.log.Warn("cut at the deadline", "part", parts[i].name, "error", err)
		case err != nil:
			s.log.Error("shutdown", "part", parts[i].name, "error", err)
			code = exitFailed
		}
	}
	s.held.drop() // the admin listener has ended, so no reload follows
	s.watched.end()
	s.log.Info("ended", "code", code)
	return code
}

// addresses writes a list of listening addresses.
func addresses(all []net.Addr) string {
	text := make([]string, len(all))
	for i, a := range all {
		text[i] = a.String()
	}
	return strings.Join(text, " ")
}
