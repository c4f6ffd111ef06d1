package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/config"
)

// profileKind is one kind of profile that the admin listener serves.
type profileKind struct {
	name  string // as -kinds has it
	path  string // last segment of the path, after /debug/pprof/
	most  int    // longest duration in seconds; 0 means that it takes no duration
	about string
}

func profileKinds() []profileKind {
	return []profileKind{
		{"cpu", "profile", 60, "where processor time goes"},
		{"heap", "heap", 0, "what is held in memory"},
		{"mutex", "mutex", 60, "who holds locks that others wait for"},
		{"block", "block", 60, "where goroutines wait"},
		{"goroutine", "goroutine", 0, "what each goroutine does"},
		{"allocs", "allocs", 0, "what was ever allocated"},
		{"threadcreate", "threadcreate", 0, "what made threads"},
		{"trace", "trace", 5, "every event, for go tool trace"},
	}
}

const (
	usualKinds = "cpu,heap,mutex,block,goroutine"

	// profilePatience is how long a profile may take beyond its seconds.
	profilePatience = 30 * time.Second
)

// profile fetches profiles of a running gateway from its admin listener into
// files, one after the other: the listener takes one at a time.
func (p *Program) profile(args []string) int {
	f := p.newFlags("profile")
	file := f.configFile()
	address := f.adminAddress()
	folder := f.String("out", ".", "`folder` for the files; it is made when it is missing")
	seconds := f.Int("seconds", 10, "how long cpu, mutex, block (1 to 60) and trace (1 to 5) last, `each`")
	list := f.String("kinds", usualKinds, "which `ones`; also allocs, threadcreate, trace")
	if code, ok := f.parse(args); !ok {
		return code
	}
	kinds, err := chooseKinds(*list, *seconds)
	if err != nil {
		return p.usage("profile: %v", err)
	}
	to, code, ok := f.peer(*address, *file)
	if !ok {
		return code
	}
	if err := os.MkdirAll(*folder, 0o755); err != nil {
		return p.fail(fmt.Errorf("profile: -out: %w", err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	stem := filepath.Join(*folder, "penstock-"+time.Now().Format("20060102-150405")+"-")
	for _, k := range kinds {
		path := "/debug/pprof/" + k.path
		if k.most > 0 {
			path += "?seconds=" + strconv.Itoa(*seconds)
			_, _ = fmt.Fprintf(p.Stderr, "%s, for %d s\n", k.name, *seconds)
		}
		limit, cancel := context.WithTimeout(ctx, time.Duration(*seconds)*time.Second+profilePatience)
		size, err := to.save(limit, path, stem+k.name+k.ending())
		cancel()
		if err != nil {
			return p.fail(fmt.Errorf("profile: %s: %w", k.name, cmp.Or(context.Cause(ctx), err)))
		}
		_, _ = fmt.Fprintf(p.Stdout, "%s\t%d bytes\n", stem+k.name+k.ending(), size)
	}
	return exitGood
}

// chooseKinds returns the kinds that the list names, in its order.
func chooseKinds(list string, seconds int) ([]profileKind, error) {
	all := profileKinds()
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	var chosen []profileKind
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names, name)
		switch {
		case i < 0:
			return nil, fmt.Errorf("-kinds: %q is not a profile%s; there are %s", name, config.DidYouMean(name, names), strings.Join(names, ", "))
		case slices.Contains(chosen, all[i]):
			return nil, fmt.Errorf("-kinds: %s is there twice", name)
		case all[i].most > 0 && (seconds < 1 || seconds > all[i].most):
			return nil, fmt.Errorf("-seconds: got %d, want 1 to %d for %s", seconds, all[i].most, name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// ending is that of the file's name.
func (k profileKind) ending() string {
	if k.name == "trace" {
		return ".trace"
	}
	return ".pprof"
}

// save writes the body of a GET into a new file and returns its size in bytes.
// After an error there is no file.
func (to peer) save(ctx context.Context, path, file string) (size int64, err error) {
	body, err := to.get(ctx, path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err // names the file
	}
	size, err = io.Copy(out, body)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(file)
		return 0, fmt.Errorf("%s after %d bytes: %w", to.address, size, err)
	}
	return size, nil
}
