package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"penstock/loadtest/peers"
	"penstock/loadtest/program"
	"penstock/loadtest/results"
)

// target is a program in front of the origin, for the time of one scenario.
type target struct {
	*program.Program
	results.Target
	address string
	binary  string
	admin   string // address of its admin listener; Penstock alone has one
	failed  bool   // a measurement failed; it has no further turns
}

// variant is a program as it takes part in a scenario.
type variant struct {
	name, binary string
	peer         peers.Peer
	log, bare    bool
	tuned        bool
}

// variants returns the programs that take part in s.
func (k *kit) variants(s scenario) []variant {
	var all []variant
	for _, p := range peers.All() {
		binary := k.found[p.Name]
		if binary == "" || !k.wants(p.Name) || !s.takes(p.Name, p.Proxies, p.Caches) {
			continue
		}
		all = append(all, variant{name: p.Name, binary: binary, peer: p})
		if p.Name == results.Base && s.size > 0 {
			all = append(all, variant{name: "nginx-tuned", binary: binary, peer: p, tuned: true})
		}
		if p.Name != peers.Penstock().Name {
			continue
		}
		if s.features {
			all = append(all, variant{name: full, binary: binary, peer: p, log: true},
				variant{name: bare, binary: k.bare, peer: p, bare: true})
		}
		for _, also := range k.also {
			all = append(all, variant{name: also.name, binary: also.binary, peer: p})
		}
	}
	return all
}

// startAll starts the targets of s. A target that does not start, or whose responses are
// wrong, is left out with a note.
func (k *kit) startAll(ctx context.Context, s scenario) []*target {
	var all []*target
	for _, v := range k.variants(s) {
		t, err := k.start(ctx, s, v)
		switch {
		case err == nil:
			all = append(all, t)
		case ctx.Err() == nil:
			k.wrong("%s: %s is left out: %v", s.name, v.name, err)
		}
	}
	return all
}

// usualPool is the largest number of connections to one backend that Penstock opens by default.
const usualPool = 512

// fewClients is more client connections than any scenario with a cache has.
const fewClients = 1000

// holds returns how many client connections a target is configured for. In scenarios with
// a cache they are few, because nginx needs the open files for its entries.
func (k *kit) holds(s scenario) int {
	if s.cached {
		return min(fewClients, k.clients)
	}
	return k.clients
}

// start starts one target and fills its cache.
func (k *kit) start(ctx context.Context, s scenario, v variant) (*target, error) {
	dir, err := os.MkdirTemp(k.dir, v.name+"-")
	if err != nil {
		return nil, err
	}
	addresses, err := program.FreeAddresses(2)
	if err != nil {
		return nil, err
	}
	setup := peers.Setup{
		Dir: dir, Address: addresses[0], Side: addresses[1], Origins: k.origin.addresses[:max(1, s.origins)],
		Workers: k.workers, Clients: k.holds(s), Files: k.files, Pool: max(usualPool, s.load.connections), Cache: s.cached, Log: v.log, Bare: v.bare, Tuned: v.tuned,
	}
	for i := range s.routes {
		setup.Prefixes = append(setup.Prefixes, "/r"+strconv.Itoa(i))
	}
	if kept := setup.Kept(); v.name == results.Base && s.objects > kept {
		k.note("%s: %d files may be open at once: nginx keeps at most %d of its %d entries open, and opens the others for each response", s.name, k.files, kept, s.objects)
	}
	args, err := v.peer.Write(setup)
	if err != nil {
		return nil, err
	}
	c, err := program.Start(program.Options{Binary: v.binary, Env: setup.Environment(), Args: args, CPUs: k.cpus})
	if err != nil {
		return nil, err
	}
	t := &target{Program: c, Target: results.Target{Name: v.name}, address: addresses[0], binary: v.binary}
	if v.peer.Name == peers.Penstock().Name {
		t.admin = setup.Side
	}
	if err = k.prove(ctx, s, t); err == nil && s.objects > 0 {
		err = k.fill(ctx, s, t)
	}
	if err != nil {
		return nil, errors.Join(err, c.End(patience))
	}
	return t, nil
}

// sample returns one of the paths of the load of s.
func (k *kit) sample(s scenario) string {
	path := s.load.path
	switch s.load.kind {
	case "":
		path = small
	case "cycle":
		path += "0/x"
	case "random", "mixed":
		path += "0"
	}
	return path + k.origin.suffix(s.bodySize(), s.cached)
}

func (s scenario) bodySize() int {
	if s.size > 0 {
		return s.size
	}
	return len(peers.Body())
}

// prove waits until the target responds and checks its responses: the body is complete,
// and the second response of a cache does not come from the origin.
func (k *kit) prove(ctx context.Context, s scenario, t *target) error {
	var body []byte
	if err := t.Await(ctx, func() (err error) {
		body, err = fetch(ctx, t.address, k.sample(s), http.StatusOK)
		return err
	}); err != nil {
		return err
	}
	if len(body) != s.bodySize() {
		return fmt.Errorf("the response has %d bytes, want %d", len(body), s.bodySize())
	}
	for range 5 { // a target may store the first response a moment after it has sent it
		before, err := k.origin.served(ctx)
		if err != nil || !s.cached {
			return err
		}
		if _, err = fetch(ctx, t.address, k.sample(s), http.StatusOK); err != nil {
			return err
		}
		after, err := k.origin.served(ctx)
		if err != nil || after-before <= 1 { // the call of served above counts as one request
			return err
		}
	}
	return errors.New("the target fetches a storable response from the origin again for each request")
}

// fill sends one request for every object of s, so that the target stores it.
func (k *kit) fill(ctx context.Context, s scenario, t *target) error {
	const clients = 16
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	failed := make([]error, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := c; n < s.objects && ctx.Err() == nil && failed[c] == nil; n += clients {
				url := "http://" + t.address + s.load.path + strconv.Itoa(n) + k.origin.suffix(s.bodySize(), s.cached)
				failed[c] = get(&client, url)
			}
		})
	}
	wg.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}
