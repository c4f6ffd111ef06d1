package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"penstock/loadtest/peers"
	"penstock/loadtest/program"
)

// origin is what stands behind every target.
type origin struct {
	*program.Program
	name      string   // of the program
	addresses []string // all lead to the same
	embedded  bool     // Penstock's own, which is told by the query what to answer
}

// startOrigin runs nginx when it is given, else penstock's own origin, which has one
// address however many are asked for.
func (k *kit) startOrigin(ctx context.Context, addresses int) error {
	o := &origin{name: "nginx"}
	dir := filepath.Join(k.dir, "origin")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	var args []string
	binary := k.found["nginx"]
	if binary == "" {
		o.name, o.embedded, addresses = "penstock origin", true, 1
	}
	var err error
	if o.addresses, err = program.FreeAddresses(addresses); err != nil {
		return err
	}
	if o.embedded {
		binary, args = k.found["penstock"], []string{"origin", "-listen", o.addresses[0]}
	} else {
		s := peers.Setup{Dir: dir, Address: o.addresses[0], Origins: o.addresses}
		if args, err = peers.Origin().Write(s); err == nil {
			err = peers.OriginFiles(dir)
		}
		if err != nil {
			return err
		}
	}
	if o.Program, err = program.Start(program.Options{Binary: binary, Env: peers.Setup{Dir: dir}.Environment(), Args: args}); err != nil {
		return err
	}
	k.origin = o
	return o.Await(ctx, func() error { _, err := o.served(ctx); return err })
}

// suffix is what a path needs so that the answer has a body of size bytes.
func (o *origin) suffix(size int, cached bool) string {
	switch {
	case !o.embedded:
		return ""
	case cached:
		return fmt.Sprintf("?size=%d&cache=max-age=3600", size)
	}
	return fmt.Sprintf("?size=%d", size)
}

// served is the number of requests that the origin has had before this one.
func (o *origin) served(ctx context.Context) (int64, error) {
	path := "/status"
	if o.embedded {
		path = "/json"
	}
	text, err := fetch(ctx, o.addresses[0], path, http.StatusOK)
	if err != nil {
		return 0, err
	}
	if o.embedded {
		var page struct{ Requests int64 }
		err := json.Unmarshal(text, &page)
		return page.Requests - 1, err
	}
	return parseStatus(text)
}

// parseStatus reads the page of nginx's stub_status: the third of the numbers that
// stand alone on a line are the requests, this one among them.
func parseStatus(text []byte) (int64, error) {
	found := regexp.MustCompile(`(?m)^ *\d+ +\d+ +(\d+) *$`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("origin: no count of requests in %q", text)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	return n - 1, err
}

// fetch gets a page over a connection of its own.
func fetch(ctx context.Context, address, path string, status int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	r, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != status {
		err = errors.New(r.Status)
	}
	if err != nil {
		err = fmt.Errorf("http://%s%s: %w", address, path, err)
	}
	return text, err
}
