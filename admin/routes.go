package admin

import (
	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
)

// endpoint is one line of the table that router builds from and the index shows.
type endpoint struct {
	method, path string
	need         need
	serve        fasthttp.RequestHandler
	text         string
}

func (s *Server) endpoints() []endpoint {
	return []endpoint{
		{"GET", "/healthz", vital, alive, "the process lives"},
		{"GET", "/readyz", vital, s.ready, "traffic may come"},
		{"GET", "/metrics", open, s.metrics, "metrics in the Prometheus text format"},
		{"GET", "/", read, s.index, "this list"},
		{"GET", "/api/routes", read, s.routes, "routes of the configuration in use"},
		{"GET", "/api/upstreams", read, s.upstreams, "upstreams, their backends and how they are"},
		{"GET", "/api/version", read, s.version, "what runs"},
		{"PUT", "/api/upstreams/{name}/backends/{address:*}", change, s.setBackend, `{"weight": 5, "drain": false}`},
		{"POST", "/api/upstreams/{name}/backends/{address:*}", change, s.checkBackend, "with /check after the address: a health check now"},
		{"POST", "/api/reload", change, s.reload, "load the configuration anew"},
		{"GET", "/api/cache", read, s.cache, "the response cache: size, hits, what is stored by route"},
		{"GET", "/api/cache/lookup", read, s.lookup, "?url=, &method=, &header=Name:value: what is stored and what would become of it"},
		{"POST", "/api/cache/purge", change, s.purge, `{"url": "..."} or prefix, host, tag, "all": true; "soft": true`},
		{"GET", "/debug/pprof", read, s.profiles, "profiles that can be taken"},
		{"GET", "/debug/pprof/{profile}", read, s.profile, "take one; ?seconds=1..60, ?debug=1"},
	}
}

// router returns the handler for every endpoint. Nothing is redirected, cleaned or
// guessed: a path is one of the table or it is not found.
func (s *Server) router() fasthttp.RequestHandler {
	r := router.New()
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	r.HandleOPTIONS = false
	r.HandleMethodNotAllowed = true
	profiles := s.guard(endpoint{need: read, serve: s.profiles})
	r.NotFound = func(ctx *fasthttp.RequestCtx) {
		if ctx.IsGet() && string(ctx.URI().PathOriginal()) == "/debug/pprof/" {
			profiles(ctx) // the usual spelling; the router cannot hold both
			return
		}
		refuse(ctx, fasthttp.StatusNotFound, "There is no such endpoint; GET / lists them.")
	}
	r.MethodNotAllowed = func(ctx *fasthttp.RequestCtx) {
		refuse(ctx, fasthttp.StatusMethodNotAllowed, "The endpoint does not have this method.")
	}
	for _, e := range s.endpoints() {
		serve := s.guard(e)
		r.Handle(e.method, e.path, serve)
		if e.method == fasthttp.MethodGet {
			r.HEAD(e.path, serve)
		}
	}
	return r.Handler
}

// guard lets only those through to e whom the gate lets.
func (s *Server) guard(e endpoint) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if e.need != vital && kept(ctx) {
			refuse(ctx, fasthttp.StatusServiceUnavailable, "All connections of the admin listener are in use; the last ones are for /healthz and /readyz.")
			return
		}
		no := s.gate.check(e.need, &ctx.Request)
		if no.status == 0 {
			e.serve(ctx)
			return
		}
		if no.status == fasthttp.StatusUnauthorized {
			ctx.Response.Header.Set("WWW-Authenticate", `Bearer realm="penstock admin"`)
		}
		refuse(ctx, no.status, no.detail)
	}
}
