package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"penstock/loadtest/results"
)

// countAllocations counts what the builds of a verdict allocate for a request.
func (k *kit) countAllocations(ctx context.Context, p *point) {
	e := results.Exact{Measure: "allocs"}
	for name, to := range map[string]*float64{results.Subject: &e.Subject, results.Before: &e.Before, results.Same: &e.Same} {
		i := slices.IndexFunc(p.targets, func(t *target) bool { return t.Name == name })
		if i < 0 || p.targets[i].failed {
			return
		}
		var err error
		if *to, err = k.allocations(ctx, p.scenario, p.targets[i]); err != nil {
			if ctx.Err() == nil {
				k.wrong("%s: allocations of %s: %v", p.name, name, err)
			}
			return
		}
	}
	p.exact = append(p.exact, e)
}

// moreRequests is how many more requests the long load of allocations has, where longestLoad
// suffices for them: what the beginning and the end of a load allocate varies by some hundred
// objects.
const (
	moreRequests = 5000
	longestLoad  = 40 * time.Second
)

// allocations is how many objects of the Go heap a request takes more: the difference
// between a long and a short load, which open as many connections.
func (k *kit) allocations(ctx context.Context, s scenario, t *target) (float64, error) {
	short, shortDone, err := k.allocated(ctx, s, t, time.Second)
	if err != nil {
		return 0, err
	}
	long, longDone, err := k.allocated(ctx, s, t, max(3*time.Second, timeFor(moreRequests, shortDone, longestLoad)))
	if err == nil && longDone <= shortDone {
		err = errors.New("the long load brought no more than the short one")
	}
	return max(0, (long-short)/(longDone-shortDone)), err
}

// timeFor returns how many whole seconds a number of requests takes, of which done take one, at
// most longest.
func timeFor(requests, done float64, longest time.Duration) time.Duration {
	return min(time.Duration(requests/max(done, 1)*float64(time.Second)).Round(time.Second), longest)
}

// allocated returns the number of objects that a target allocates under load, and the number
// of requests.
func (k *kit) allocated(ctx context.Context, s scenario, t *target, long time.Duration) (objects, requests float64, err error) {
	before, err := mallocs(ctx, t.admin)
	if err != nil {
		return 0, 0, err
	}
	r, err := k.wrk.run(ctx, k.order(s, t, long))
	if err != nil {
		return 0, 0, err
	}
	after, err := mallocs(ctx, t.admin)
	return after - before, r.completed(s.size), err
}

// mallocs reads how many objects Penstock has allocated since it began.
func mallocs(ctx context.Context, admin string) (float64, error) {
	text, err := fetch(ctx, admin, "/metrics", http.StatusOK)
	if err != nil {
		return 0, err
	}
	return parseMallocs(text)
}

// parseMallocs finds the count in a page of metrics.
func parseMallocs(text []byte) (float64, error) {
	found := regexp.MustCompile(`(?m)^go_memstats_mallocs_total (\S+)$`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("no count of allocations in %.200q", text)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
