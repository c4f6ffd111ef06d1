package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"penstock/config"
)

const maxWeight = 1000

// setBackend serves PUT /api/upstreams/{name}/backends/{address}. The address is the
// rest of the path: it holds colons, and slashes for unix sockets, escaped or not.
func (s *Server) setBackend(ctx *fasthttp.RequestCtx) {
	name, address, ok := backendOf(ctx)
	if !ok {
		return
	}
	c, err := parseChange(ctx.PostBody())
	if err != nil {
		refuse(ctx, fasthttp.StatusBadRequest, err.Error())
		return
	}
	if failed(ctx, s.o.Balancer.SetBackend(name, address, c)) {
		return
	}
	s.o.Log.Info("backend changed by the admin API", slog.String("upstream", name), slog.String("backend", address), slog.String("change", c.String()))
	s.showBackend(ctx, name, address)
}

// failed reports whether an operation on a backend has failed, and responds with why.
func failed(ctx *fasthttp.RequestCtx, err error) bool {
	switch {
	case errors.Is(err, ErrNotFound):
		refuse(ctx, fasthttp.StatusNotFound, err.Error())
	case err != nil:
		refuse(ctx, fasthttp.StatusUnprocessableEntity, err.Error())
	}
	return err != nil
}

// backendOf returns the names in the path. ok is false when it is refused.
func backendOf(ctx *fasthttp.RequestCtx) (name, address string, ok bool) {
	name, err := url.PathUnescape(ctx.UserValue("name").(string))
	address, err2 := url.PathUnescape(ctx.UserValue("address").(string))
	if errors.Join(err, err2) != nil {
		refuse(ctx, fasthttp.StatusBadRequest, "The path is not escaped properly.")
		return "", "", false
	}
	return name, address, true
}

// checkBackend serves POST /api/upstreams/{name}/backends/{address}/check.
func (s *Server) checkBackend(ctx *fasthttp.RequestCtx) {
	name, path, ok := backendOf(ctx)
	if !ok {
		return
	}
	address, found := strings.CutSuffix(path, "/check")
	switch {
	case !found:
		refuse(ctx, fasthttp.StatusNotFound, "There is nothing to do here by POST; write /check after the address for a health check.")
		return
	case len(ctx.PostBody()) > 0:
		refuse(ctx, fasthttp.StatusBadRequest, "The request takes no body.")
		return
	}
	if failed(ctx, s.o.Balancer.CheckBackend(s.life, name, address)) {
		return
	}
	s.o.Log.Info("backend checked by the admin API", slog.String("upstream", name), slog.String("backend", address))
	s.showBackend(ctx, name, address)
}

// showBackend sends the present state of the backend.
func (s *Server) showBackend(ctx *fasthttp.RequestCtx, name, address string) {
	for _, u := range s.o.Views.Upstreams() {
		for _, b := range u.Backends {
			if u.Name == name && b.Address == address {
				show(ctx, b)
				return
			}
		}
	}
	ctx.SetStatusCode(fasthttp.StatusNoContent) // discovery has removed it in the meantime
}

// parseChange reads the body strictly: one JSON object, known keys, something in it.
func parseChange(body []byte) (Change, error) {
	var c Change
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf(`body: %w, want JSON such as {"weight": 5} or {"drain": true}`, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("body: there is more after the JSON object")
	}
	if c.Weight == nil && c.Drain == nil && !c.SlowStart {
		return c, errors.New("body: neither weight nor drain is given")
	}
	if c.SlowStart && (c.Drain == nil || *c.Drain) && (c.Weight == nil || *c.Weight == 0) {
		return c, errors.New(`slow_start: comes with {"drain": false} or a weight above 0`)
	}
	if c.Weight != nil && (*c.Weight < 0 || *c.Weight > maxWeight) {
		return c, fmt.Errorf("weight: got %d, want 0..%d", *c.Weight, maxWeight)
	}
	return c, nil
}

// String writes what c changes, for the log: "weight=5 drain=true", "" for nothing.
func (c Change) String() string {
	var parts []string
	if c.Weight != nil {
		parts = append(parts, fmt.Sprintf("weight=%d", *c.Weight))
	}
	if c.Drain != nil {
		parts = append(parts, fmt.Sprintf("drain=%t", *c.Drain))
	}
	if c.SlowStart {
		parts = append(parts, "slow_start=true")
	}
	return strings.Join(parts, " ")
}

// reload serves POST /api/reload.
func (s *Server) reload(ctx *fasthttp.RequestCtx) {
	if len(ctx.PostBody()) > 0 {
		refuse(ctx, fasthttp.StatusBadRequest, "The request takes no body: the configuration is read from its file.")
		return
	}
	generation, err := s.o.Reloader.Reload(s.life)
	if err != nil {
		s.o.Log.Warn("reload by the admin API refused", slog.Any("error", err))
		refuse(ctx, fasthttp.StatusUnprocessableEntity,
			fmt.Sprintf("The configuration was not taken; generation %d stays in use.", s.o.Views.Generation()), problems(err)...)
		return
	}
	show(ctx, struct {
		Generation uint64 `json:"generation"`
	}{generation})
}

// problems returns one text for each problem.
func problems(err error) (list []string) {
	if all, ok := errors.AsType[config.Errors](err); ok {
		for _, p := range all {
			list = append(list, p.Error())
		}
		return list
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			list = append(list, e.Error())
		}
		return list
	}
	return []string{err.Error()}
}
