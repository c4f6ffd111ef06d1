package cli

import (
	"crypto/sha256"
	"log/slog"
	"time"

	"penstock/config"
	"penstock/watch"
)

// suspicious is how long a file that has lost most of its routes has to stay as it is
// until it is taken without anybody asking for it.
const suspicious = 10 * time.Second

// fileChange decides whether a change of the watched files is applied now, later, or not.
type fileChange struct {
	watched *watched
	held    *hold
	log     *slog.Logger
	read    func() (*config.Config, error)
	running func() (routes int)
}

// follow reads the files, unless their content has been read already, and reports whether to
// apply the result now. Files are held until they have not changed for a while when their
// content differs from what the watch has seen settle, when they change while they are read,
// and when the configuration has lost more than half of the running routes.
func (c *fileChange) follow() (cfg *config.Config, err error, now bool) {
	files := c.watched.files
	content := watch.Fingerprint(files)
	trusted := false // this content has been held for its time already
	switch {
	case c.held.holds(content) && !c.held.over():
		return nil, nil, false
	case c.held.holds(content):
		trusted = true
	case !c.held.active() && content == c.watched.loaded:
		return nil, nil, false
	}
	complete := trusted && c.held.lost
	c.held.drop()
	if !trusted && content != c.watched.seen() {
		c.held.begin(content, watch.DefaultSettle, false)
		return nil, nil, false
	}
	cfg, err = c.read()
	if after := watch.Fingerprint(files); after != content {
		c.held.begin(after, watch.DefaultSettle, false)
		return nil, nil, false
	}
	if was := c.running(); err == nil && !complete && 2*len(cfg.Routes) < was {
		c.log.Warn("the file has lost most of its routes and is not taken yet; SIGHUP or POST /api/reload takes it at once",
			"routes", len(cfg.Routes), "running", was, "taken_after", suspicious.String())
		c.held.begin(content, suspicious, true)
		return nil, nil, false
	}
	return cfg, err, true
}

// hold is a state of the files that is not taken yet. Its methods are not for concurrent
// use.
type hold struct {
	due     chan struct{} // has an event when the time may be over
	timer   *time.Timer   // nil while nothing is held
	until   time.Time
	content [sha256.Size]byte // of the files
	lost    bool              // it is held for the routes that are missing
}

func newHold() *hold { return &hold{due: make(chan struct{}, 1)} }

// begin holds the files with that fingerprint for d; files that were held before are dropped.
func (h *hold) begin(content [sha256.Size]byte, d time.Duration, lost bool) {
	h.drop()
	h.content, h.lost, h.until = content, lost, time.Now().Add(d)
	h.timer = time.AfterFunc(d, func() {
		select {
		case h.due <- struct{}{}:
		default: // one is waiting already
		}
	})
}

// drop ends the hold. An event that has come already does no harm.
func (h *hold) drop() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}

func (h *hold) active() bool { return h.timer != nil }

// holds reports whether the files with that fingerprint are held.
func (h *hold) holds(content [sha256.Size]byte) bool { return h.active() && h.content == content }

// over reports whether the files have been held long enough.
func (h *hold) over() bool { return !time.Now().Before(h.until) }
