package config

import (
	"fmt"
	"net/netip"
	"time"

	"penstock/options"
)

// Store is the shared response cache, in which every route with a Cache keeps
// its responses. Default fills it in; the zero value is not usable, because it allows no body.
type Store struct {
	Memory    int64          // bytes, in steps of 32 MiB; zero means a share of the machine's, which the caller works out
	MaxObject int64          // bytes of the largest body that is stored, at least 1
	Admission bool           // once the store is full, responses requested only once do not displace others
	Path      string         // absolute folder that survives a restart; empty means none
	SaveEvery time.Duration  // between two saves to Path; zero means only at shutdown
	Wait      time.Duration  // how long a request waits for the fetch of another, within its own timeouts; zero means no other limit
	PurgeFrom []netip.Prefix // who may send PURGE to the public listener; nil means nobody
}

const (
	memoryStep = 32 * mib // the store grows by one chunk in each of its parts
	maxMemory  = 1 << 44
	maxObject  = 1 << 40
)

// Keys declares the keys of `cache` at the top of a file.
func (s *Store) Keys(k options.Keys) {
	k.Add("memory", s.memory(), "", options.Restart,
		options.Means("40 % of the container's memory, else of the machine's, in steps of 32MiB"))
	k.Size("max_object", &s.MaxObject, 8*mib,
		"a larger body passes through and is not kept; at most half of `memory`; also per route", options.Within(1, maxObject), options.Restart)
	k.Switch("admission", &s.Admission, true,
		"once the store is full, a response that is requested only once does not displace others", options.Restart)
	k.File("path", &s.Path, "the folder in which what is kept survives a restart", options.Off, options.Restart)
	k.Duration("save_every", &s.SaveEvery, 10*time.Minute,
		"how often the store is saved to `path`; `off` is only at the end", options.Off, options.Restart)
	k.Networks("purge_from", &s.PurgeFrom, "that may send `PURGE` to the public listener; nobody else may")
	k.Duration("wait", &s.Wait, 5*time.Second,
		"how long a request waits for the same one of another client before it asks the origin itself; `off` waits as long as that takes", options.Off)
}

// memory declares the size of the store, which is absent while zero.
func (s *Store) memory() *options.Phrase {
	step := options.FormatSize(memoryStep)
	return &options.Phrase{
		Form:    "size in steps of " + step + ", " + step + " to " + options.FormatSize(maxMemory),
		Default: func() { s.Memory = 0 },
		Read:    s.setMemory,
		Text: func() (string, options.Style) {
			if s.Memory == 0 {
				return "", options.Absent
			}
			return options.FormatSize(s.Memory), options.Plain
		},
		Texts: options.Shape{Pattern: options.SizePattern},
	}
}

func (s *Store) setMemory(text string) (wrong string) {
	step := options.FormatSize(memoryStep)
	n, ok := options.ParseSize(text)
	switch below := n / memoryStep * memoryStep; {
	case !ok:
		return fmt.Sprintf("got %q, want %s, at least %s in steps of %s", text, options.SizeForm, step, step)
	case n < memoryStep, n > maxMemory:
		return fmt.Sprintf("got %q, want %s to %s in steps of %s", text, step, options.FormatSize(maxMemory), step)
	case n != below:
		return fmt.Sprintf("got %q, want steps of %s: %s or %s", text, step, options.FormatSize(below), options.FormatSize(below+memoryStep))
	}
	s.Memory = n
	return ""
}
