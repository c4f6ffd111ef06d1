package admin

import (
	"fmt"

	"github.com/valyala/fasthttp"

	"penstock/ops"
)

func alive(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("ok\n") }

func (s *Server) ready(ctx *fasthttp.RequestCtx) {
	if err := s.o.Readiness.Ready(); err != nil {
		refuse(ctx, fasthttp.StatusServiceUnavailable, err.Error())
		return
	}
	ctx.SetBodyString("ready\n")
}

func (s *Server) metrics(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("text/plain; version=0.0.4; charset=utf-8")
	s.o.Metrics.WritePrometheus(ctx)
}

func (s *Server) index(ctx *fasthttp.RequestCtx) {
	for _, e := range s.endpoints() {
		fmt.Fprintf(ctx, "%-4s %-45s %s\n", e.method, e.path, e.text)
	}
}

func (s *Server) routes(ctx *fasthttp.RequestCtx) {
	routes := s.o.Views.Routes()
	if routes == nil {
		routes = []ops.Route{} // shown as a list in any case
	}
	show(ctx, struct {
		Generation uint64      `json:"generation"`
		Routes     []ops.Route `json:"routes"`
	}{s.o.Views.Generation(), routes})
}

func (s *Server) upstreams(ctx *fasthttp.RequestCtx) {
	upstreams := s.o.Views.Upstreams()
	if upstreams == nil {
		upstreams = []ops.Upstream{} // shown as a list in any case
	}
	show(ctx, struct {
		Generation uint64         `json:"generation"`
		Upstreams  []ops.Upstream `json:"upstreams"`
	}{s.o.Views.Generation(), upstreams})
}

func (s *Server) version(ctx *fasthttp.RequestCtx) { show(ctx, s.o.Build) }
