package admin

import (
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// span is the duration of a profile in seconds: the default and the maximum. A trace is short,
// because it is kept in memory and grows by megabytes a second.
type span struct{ usual, most int }

// profiles serves the list of profiles.
func (s *Server) profiles(ctx *fasthttp.RequestCtx) {
	for _, line := range []string{
		"profile       CPU, for ?seconds (30)",
		"trace         execution trace, for ?seconds (1, at most 5)",
		"mutex, block  contention, for ?seconds (10)",
		"heap, allocs, goroutine, threadcreate; as text with ?debug=1",
	} {
		fmt.Fprintln(ctx, line)
	}
}

// profile serves GET /debug/pprof/{profile} as `go tool pprof` expects it. The
// command line is not served: it may hold secrets.
func (s *Server) profile(ctx *fasthttp.RequestCtx) {
	if ctx.IsHead() {
		return // nobody would see the profile
	}
	switch name := ctx.UserValue("profile").(string); name {
	case "profile":
		s.record(ctx, name, span{usual: 30, most: 60}, func(w io.Writer) (func(), error) { return pprof.StopCPUProfile, pprof.StartCPUProfile(w) })
	case "trace":
		s.record(ctx, name, span{usual: 1, most: 5}, func(w io.Writer) (func(), error) { return trace.Stop, trace.Start(w) })
	case "mutex":
		s.record(ctx, name, span{usual: 10, most: 60}, func(io.Writer) (func(), error) {
			const oneIn = 10
			runtime.SetMutexProfileFraction(oneIn)
			return func() { runtime.SetMutexProfileFraction(0); dump(ctx, name) }, nil
		})
	case "block":
		s.record(ctx, name, span{usual: 10, most: 60}, func(io.Writer) (func(), error) {
			const nanoseconds = 10_000
			runtime.SetBlockProfileRate(nanoseconds)
			return func() { runtime.SetBlockProfileRate(0); dump(ctx, name) }, nil
		})
	case "heap", "allocs", "goroutine", "threadcreate":
		dump(ctx, name)
	default:
		refuse(ctx, fasthttp.StatusNotFound, "There is no such profile; GET /debug/pprof/ lists them.")
	}
}

// record takes a profile that lasts: start begins it and returns what ends it. Only
// one is taken at a time, and it ends early when the server shuts down.
func (s *Server) record(ctx *fasthttp.RequestCtx, name string, in span, start func(io.Writer) (func(), error)) {
	seconds := in.usual
	if raw := ctx.QueryArgs().Peek("seconds"); raw != nil {
		n, err := strconv.Atoi(string(raw))
		if err != nil || n < 1 || n > in.most {
			refuse(ctx, fasthttp.StatusBadRequest, fmt.Sprintf("seconds: got %.20q, want 1..%d", raw, in.most))
			return
		}
		seconds = n
	}
	if !s.profiling.CompareAndSwap(false, true) {
		ctx.Response.Header.Set("Retry-After", strconv.Itoa(seconds))
		refuse(ctx, fasthttp.StatusServiceUnavailable, "Another profile is being taken.")
		return
	}
	defer s.profiling.Store(false)
	attach(ctx, name)
	stop, err := start(ctx)
	if err != nil {
		refuse(ctx, fasthttp.StatusServiceUnavailable, err.Error())
		return
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.life.Done():
	}
	stop()
}

// dump writes a profile that the runtime keeps.
func dump(ctx *fasthttp.RequestCtx, name string) {
	debug, _ := strconv.Atoi(string(ctx.QueryArgs().Peek("debug")))
	attach(ctx, name)
	if debug > 0 {
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.Response.Header.Del("Content-Disposition")
	}
	if err := pprof.Lookup(name).WriteTo(ctx, debug); err != nil {
		refuse(ctx, fasthttp.StatusInternalServerError, err.Error())
	}
}

func attach(ctx *fasthttp.RequestCtx, name string) {
	ctx.SetContentType("application/octet-stream")
	ctx.Response.Header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
