package logfile

import (
	"bytes"
	"io"
	"log/slog"
	"time"
)

// sink is the writing end of a Queue; one goroutine owns it.
type sink struct {
	queue *Queue
	out   io.WriteCloser
	spare []byte // takes the place of the lines that are being written
	torn  bool   // the last write ended inside a line
	gap   bool   // lines were lost before those that are written next

	lastLoss time.Time // the last loss was noticed then
}

// run writes batches until the Queue is shut down, and then what is left.
func (s *sink) run() {
	q := s.queue
	defer close(q.done)
	for {
		select {
		case <-q.wake:
			s.gather()
		case <-q.hurry:
		case <-q.stop:
			s.flush()
			s.close()
			return
		}
		s.flush()
	}
}

// gather waits for more lines, so that few writes carry many.
func (s *sink) gather() {
	if s.queue.o.Flush <= 0 {
		return
	}
	timer := time.NewTimer(s.queue.o.Flush)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.queue.hurry:
	case <-s.queue.stop:
	}
}

// flush writes the queue, into the file that Reopen brought when there is one.
func (s *sink) flush() {
	batch, next, gap, last := s.take()
	if next != nil {
		s.close()
		s.out, s.torn = next, false
	}
	if gap {
		s.lastLoss = time.Now()
	}
	if len(batch) > 0 {
		s.write(batch)
	}
	s.gap = s.gap || gap
	if last {
		_ = s.begin() // what was lost is counted already
	}
}

// take empties the queue; its two buffers take turns. It reports whether lines were
// lost after the batch, and whether the batch is the last one.
func (s *sink) take() (batch []byte, next io.WriteCloser, gap, last bool) {
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, next, gap = q.lines, q.next, q.gap
	q.lines, q.next, q.gap = s.spare[:0], nil, false
	s.spare = batch
	return batch, next, gap, q.closed
}

// write writes batch, and what has to stand before it.
func (s *sink) write(batch []byte) {
	if err := s.begin(); err != nil {
		s.failed(batch, err)
		return
	}
	n, err := s.out.Write(batch)
	if err != nil {
		s.torn = n > 0 && batch[n-1] != '\n'
		s.failed(batch[n:], err)
		return
	}
	s.worked()
}

// begin ends a torn line and marks a gap.
func (s *sink) begin() error {
	var text []byte
	if s.torn {
		text = append(text, '\n')
	}
	if mark := s.queue.o.Gap; s.gap && mark != nil {
		text = append(text, mark(s.queue.Dropped())...)
	}
	if len(text) > 0 {
		if _, err := s.out.Write(text); err != nil {
			return err
		}
	}
	s.torn, s.gap = false, false
	return nil
}

// failed counts the lines in rest as lost and reports the first of several failures.
func (s *sink) failed(rest []byte, err error) {
	q := s.queue
	q.dropped.Add(uint64(bytes.Count(rest, []byte{'\n'})))
	s.gap = true
	q.mu.Lock()
	report := q.trouble != failing
	q.trouble = failing
	q.mu.Unlock()
	if report {
		q.o.Log.Warn(q.o.Title+" cannot be written, lines are lost", slog.String("file", q.o.Name), slog.Any("error", err))
	}
}

// worked reports that no more lines are lost, if any were.
func (s *sink) worked() {
	q := s.queue
	q.mu.Lock()
	over := q.trouble == failing || q.trouble == slow && !q.gap && time.Since(s.lastLoss) >= calm
	if over {
		q.trouble = none
	}
	q.mu.Unlock()
	if over {
		q.o.Log.Info(q.o.Title+" is written again", slog.String("file", q.o.Name), slog.Uint64("dropped", q.Dropped()))
	}
}

func (s *sink) close() {
	if err := s.out.Close(); err != nil {
		s.queue.o.Log.Error(s.queue.o.Title+" was not closed properly", slog.String("file", s.queue.o.Name), slog.Any("error", err))
	}
}
