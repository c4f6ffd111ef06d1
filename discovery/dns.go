package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"penstock/lb"
)

const (
	firstRetry    = 250 * time.Millisecond // while a name has never resolved; doubles up to Refresh
	lookupTimeout = 5 * time.Second
	jitterShare   = 0.1 // of each pause
)

// Resolver looks up the addresses of names; *net.Resolver implements it. Several names are looked
// up at the same time, by one call each with the network "ip". Addresses may come in any order and
// more than once. An error, or no address, is logged and leaves the last addresses of the name in
// use. It must return when its context ends: Start waits for it without a limit of its own, and
// Shutdown until the context of Shutdown ends.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options describe the source of one upstream. Durations of zero and below are the default.
type Options struct {
	Entries   []lb.Endpoint    // Address is "ip:port", "name:port" or "unix:/path"; an empty Host is filled in, not for unix
	Refresh   time.Duration    // pause between two resolutions, shortened by up to a tenth at random; 0 = 10 s
	FirstWait time.Duration    // limit of the first lookups, in Start; 0 = 2 s. Later ones have 5 s
	Resolver  Resolver         // nil = the system's
	Log       *slog.Logger     // nil = silent
	Rand      func() float64   // 0..1, for the jitter; nil = unpredictable
	Now       func() time.Time // nil = time.Now
}

// DNS resolves names periodically; only New makes one. Every address of a name is an endpoint
// with the weight and the backup flag of the name's entry. The last addresses of
// a name are kept while the resolver fails or returns none.
//
// Endpoints come in the order of the entries, those of one name sorted by address, so
// the same addresses in another order are no change. An address of two entries
// belongs to the first. When a name has loopback addresses of both
// families, as localhost mostly has, only the IPv4 ones are used: servers that
// are reached by such a name often listen on that one only.
type DNS struct {
	entries  []entry
	names    []*name
	o        Options
	last     []lb.Endpoint
	attempts int // consecutive rounds after which a name had no address

	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex // guards the fields below
	failed   time.Time  // of the latest lookup that failed
	failedBy error
}

// name is one host name with its last addresses.
type name struct {
	host    string
	addrs   []netip.Addr
	failing bool
}

func newDNS(entries []entry, o Options) *DNS {
	if o.Refresh <= 0 {
		o.Refresh = 10 * time.Second
	}
	if o.FirstWait <= 0 {
		o.FirstWait = 2 * time.Second
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &DNS{entries: entries, o: o}
	for _, e := range entries {
		if e.name != "" && d.lookup(e.name) == nil {
			d.names = append(d.names, &name{host: e.name})
		}
	}
	return d
}

// lookup returns the state of a host name, nil when there is none.
func (d *DNS) lookup(host string) *name {
	for _, n := range d.names {
		if n.host == host {
			return n
		}
	}
	return nil
}

// Start resolves for the first time, waits for that at most FirstWait, and continues in the
// background. A name that does not resolve is no error: it has no endpoint yet and is looked
// up again soon: after 250 ms at first, then twice as long each time, at most Refresh. update gets
// the first list even when it is empty. The error is always nil. Call it once, with an update that
// is not nil.
func (d *DNS) Start(ctx context.Context, update func([]lb.Endpoint)) error {
	ctx, d.cancel = context.WithCancel(ctx)
	d.done = make(chan struct{})
	d.resolve(ctx, d.o.FirstWait)
	d.emit(update, true)
	go func() {
		defer close(d.done)
		d.run(ctx, update)
	}()
	return nil
}

// Shutdown cancels a lookup under way and waits until the goroutine has ended. It returns an error
// when ctx ends first, and nil at once before Start.
func (d *DNS) Shutdown(ctx context.Context) error {
	if d.cancel == nil {
		return nil
	}
	d.cancel()
	select {
	case <-d.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("dns source of %s is still resolving: %w", d.names[0].host, ctx.Err())
	}
}

func (d *DNS) run(ctx context.Context, update func([]lb.Endpoint)) {
	timer := time.NewTimer(d.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		d.resolve(ctx, lookupTimeout)
		if ctx.Err() != nil {
			return
		}
		d.emit(update, false)
		timer.Reset(d.pause())
	}
}

// pause returns the time until the next round.
func (d *DNS) pause() time.Duration {
	p := d.o.Refresh
	if d.attempts > 0 {
		p = min(p, firstRetry<<min(d.attempts-1, 16))
	}
	return p - time.Duration(jitterShare*d.o.Rand()*float64(p))
}

// resolve looks up all names at the same time.
func (d *DNS) resolve(ctx context.Context, timeout time.Duration) {
	lookups, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, n := range d.names {
		wg.Go(func() {
			addrs, err := d.o.Resolver.LookupNetIP(lookups, "ip", n.host)
			if ctx.Err() == nil { // else the lookup failed because the source is stopping
				d.learn(n, addrs, err)
			}
		})
	}
	wg.Wait()
	d.attempts++
	if !slices.ContainsFunc(d.names, func(n *name) bool { return len(n.addrs) == 0 }) {
		d.attempts = 0
	}
}

// learn stores the result of a lookup in n, which no other goroutine uses at that time.
func (d *DNS) learn(n *name, addrs []netip.Addr, err error) {
	addrs = tidy(addrs)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no address", Name: n.host, IsNotFound: true}
	}
	if err != nil {
		d.note(err)
		if !n.failing {
			n.failing = true
			d.o.Log.Warn("name does not resolve, its last addresses stay in use",
				"host", n.host, "addresses", len(n.addrs), "error", err)
		}
		return
	}
	if n.failing {
		n.failing = false
		d.o.Log.Info("name resolves again", "host", n.host, "addresses", len(addrs))
	}
	n.addrs = addrs
}

// note stores the time and the cause of a failed lookup.
func (d *DNS) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed, d.failedBy = d.o.Now(), err
}

// LastFailure returns when a lookup last failed, and why; zero and nil when none has. A later
// success does not clear it.
func (d *DNS) LastFailure() (at time.Time, cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed, d.failedBy
}

// tidy normalizes addresses: IPv4 unmapped, sorted, without
// duplicates, and without loopback IPv6 when there is loopback IPv4.
func tidy(addrs []netip.Addr) []netip.Addr {
	tidied := make([]netip.Addr, 0, len(addrs))
	loopback4 := false
	for _, a := range addrs {
		a = a.Unmap()
		loopback4 = loopback4 || a.Is4() && a.IsLoopback()
		tidied = append(tidied, a)
	}
	slices.SortFunc(tidied, netip.Addr.Compare)
	tidied = slices.Compact(tidied)
	return slices.DeleteFunc(tidied, func(a netip.Addr) bool {
		return loopback4 && a.Is6() && a.IsLoopback()
	})
}

// emit calls update with the whole list if it has changed or force is true.
func (d *DNS) emit(update func([]lb.Endpoint), force bool) {
	var list []lb.Endpoint
	for _, e := range d.entries {
		if e.name == "" {
			list = append(list, e.Endpoint)
			continue
		}
		for _, a := range d.lookup(e.name).addrs {
			endpoint := e.Endpoint
			endpoint.Address = net.JoinHostPort(a.String(), e.port)
			list = append(list, endpoint)
		}
	}
	list = distinct(list)
	if force || !slices.Equal(list, d.last) {
		d.last = slices.Clone(list)
		update(list)
	}
}
