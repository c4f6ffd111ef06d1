package httpcache

import (
	"time"

	"penstock/cache"
	"penstock/ops"
)

// Tier is a place beyond the store that several instances share. It is slower than the store
// and may fail at any time: then every lookup of it is a miss. Its methods are called
// concurrently.
type Tier interface {
	// Get appends to dst the record that was put under a key. It is false when there is none,
	// or none could be had by the deadline; record is not read then, and may be dst.
	Get(deadline time.Time, key [16]byte, dst []byte) (record []byte, found bool)

	// Put keeps a record, which it copies, in the place of an earlier one. After until it is of
	// no use. An empty record removes the earlier one. Put does not wait: it may drop the record.
	Put(key [16]byte, record []byte, until time.Time)

	// Purge appends a purge to the tier's log. It does not wait.
	Purge(p SharedPurge)

	// Purged returns the purges whose position is above since, in order, of what the tier has
	// received of its log. It does not wait. An error means that there may be others: then no
	// record may be used.
	Purged(since uint64) ([]SharedPurge, error)
}

// SharedPurge is a purge as instances tell each other of it. Of Key, Host, Path and Tag
// only those of its scope count.
type SharedPurge struct {
	Position uint64 // in the log, from 1 and ascending; given by the tier
	From     uint64 // the instance that purged
	Clock    uint64 // the purge clock of its store before
	Scope    ops.CacheScope
	Soft     bool
	Key      []byte // of a URL: in the portable form
	Host     []byte // of a host and of a prefix
	Path     []byte // of a prefix
	Tag      []byte // of a tag
}

// Shared says how an engine uses a tier.
type Shared struct {
	Tier    Tier          // must not be nil
	Codec   *cache.Codec  // seals the records; must not be nil
	Budget  time.Duration // for one request's lookups; zero means 5 ms
	MaxBody int64         // bytes of the largest body that is put; zero means 128 KiB
}

const (
	tierBudget  = 5 * time.Millisecond
	tierMaxBody = 128 << 10

	// validatable is how long a record is put that can only be used after validation.
	validatable = time.Minute
)

// usableUntil returns until when a stored response is of use.
func usableUntil(h *cache.Head, now time.Time) time.Time {
	until := time.UnixMilli(max(h.Expires, h.StaleRevalidate, h.StaleError))
	if least := now.Add(validatable); until.Before(least) {
		return least
	}
	return until
}
