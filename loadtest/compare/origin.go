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

// origin is the backend of every target.
type origin struct {
	*program.Program
	name      string   // of the program
	addresses []string // of one and the same process
	embedded  bool     // it is Penstock's own, whose response the query describes
}

// startOrigin starts nginx when it was found, and otherwise Penstock's own origin, which
// has only one address.
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

// suffix returns the query that a path needs so that the response has a body of size bytes.
func (o *origin) suffix(size int, cached bool) string {
	switch {
	case !o.embedded:
		return ""
	case cached:
		return fmt.Sprintf("?size=%d&cache=max-age=3600", size)
	}
	return fmt.Sprintf("?size=%d", size)
}

// served returns the number of requests that the origin has got before this call.
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

// parseStatus reads the page of nginx's stub_status and returns the number of requests
// before this one. One line of the page has three numbers and nothing else; the third
// counts the requests, including this one.
func parseStatus(text []byte) (int64, error) {
	found := regexp.MustCompile(`(?m)^ *\d+ +\d+ +(\d+) *$`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("origin: no count of requests in %q", text)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	return n - 1, err
}

// fetch gets a page over a new connection.
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
