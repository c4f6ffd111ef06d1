package config

import (
	"time"

	"penstock/options"
)

// Unlimited is the value of Limits.Body and Route.MaxBody when the limit is off: -1. Other limits
// are zero when they are off.
const Unlimited = options.Unlimited

// The largest numbers that a file may ask for.
const (
	maxConnections = 10_000_000
	maxCount       = 1_000_000
	maxHeaders     = 10_000
)

// Limits bound what the whole gateway takes on. The gateway grants fewer Connections and Requests,
// with a warning, when its file limit or its memory has no room for them. The zero value is not
// usable; Default fills it in.
type Limits struct {
	Connections int   // open client connections, at least 1
	PerIP       int   // open connections of one client's address, an IPv6 one as its /64; from trusted proxies its requests in flight; zero means off
	Requests    int   // requests in flight, at least 1
	Queue       Queue // of requests that wait for a backend
	Body        int64 // bytes of a request body, zero allows none; Unlimited for off; default of Route.MaxBody
	HeaderBytes int   // bytes of a request head: request line and fields, 1 KiB to 1 MiB
	Buffered    int64 // bytes of all request bodies that are read whole, together (key buffered_bodies); zero means auto
	Headers     int   // fields of a request head, at least 1
	URI         int   // bytes of a request target, 64 to HeaderBytes

	RequestsPerConnection int     // responses on one client connection before it is closed; zero means off
	AcceptRate            float64 // client connections a second that are accepted; zero means off
}

// Keys declares the keys of `limits`.
func (l *Limits) Keys(k options.Keys) {
	connections := options.Within(1, maxConnections)
	k.Count("connections", &l.Connections, 16000,
		"open client connections; lowered with a warning when the file limit has no room", connections)
	k.Count("per_ip", &l.PerIP, 0,
		"open connections of one client's address, an IPv6 one taken as its /64; above it 429. For clients of a trusted proxy a request "+
			"in flight counts instead of a connection, for the client that `X-Forwarded-For` names", connections, options.Off)
	k.Count("requests", &l.Requests, 8000, "requests in flight; above it 503 with `Retry-After`", connections)
	k.Add("queue", &options.Section{Form: "mapping, or `off`", Keys: l.Queue.Keys},
		"the waiting room: requests wait here while no backend of their upstream has room; [resilience.md](resilience.md#the-waiting-room)")
	k.Size("body", &l.Body, 16*mib, "the body of one request; `off` allows any; above it 413; also per route", options.Off)
	k.Size("buffered_bodies", &l.Buffered, 0,
		"request bodies that are read before a backend is chosen, all together, at most 64 KiB of each. `auto` is an eighth of the heap "+
			"limit, at least 16MiB. Above it bodies are streamed with what was read of them; one without a length for which there is no "+
			"buffer at all gets 503 `buffers-full`", options.Auto)
	k.Add("header_bytes", options.SizeOf(&l.HeaderBytes, 32*kib, options.Within(kib, mib)),
		"a request's head, its first line and all fields; above it 431. Each connection may hold a buffer of this size", options.Restart)
	k.Count("headers", &l.Headers, 128, "fields in a request's head; above it 431", options.Within(1, maxHeaders))
	k.Add("uri", options.SizeOf(&l.URI, 16*kib, options.Within(64, mib)),
		"the target in a request's first line, at most `header_bytes`; above it 414")
	k.Count("requests_per_connection", &l.RequestsPerConnection, 0,
		"the last response on a client's connection says `Connection: close`", connections, options.Off)
	k.Rate("accept_rate", &l.AcceptRate, 0,
		"client connections a second that are accepted, after a tenth of a second's worth at once; others wait in the system's listen queue", options.Off)
	k.Later("memory", "connection_buffers")
}

// Timeouts bound the phases of an exchange. Zero means none.
type Timeouts struct {
	Header    time.Duration // a client's request head, from its first byte; never zero
	Connect   time.Duration // TCP and TLS to a backend; never zero
	FirstByte time.Duration // per attempt: request sent to response head
	Request   time.Duration // all until the response head is sent, less the time in which the request body moves
	BodyIdle  time.Duration // no byte moved in a body, stream or tunnel, either direction
	Body      time.Duration // a whole request body; zero means any time
	BodyRate  int64         // bytes a second that a client must move on average (key body_min_rate), beside BodyIdle; zero, or no BodyIdle, means any
	Idle      time.Duration // a client's keep-alive connection between requests
	Drain     Drain
}

// Keys declares the keys of `timeouts`.
func (t *Timeouts) Keys(k options.Keys) {
	k.Duration("header", &t.Header, 10*time.Second,
		"a request's head, from its first byte to its last; then 408. A new connection that sends nothing is closed after it too")
	k.Duration("connect", &t.Connect, time.Second, "TCP and TLS to a backend")
	k.Duration("first_byte", &t.FirstByte, 15*time.Second, "of one attempt, from the request sent to the response head", options.Off)
	k.Duration("request", &t.Request, 30*time.Second,
		"everything until the response head goes to the client (queueing, attempts, backoff), less the time in which the request body moves",
		options.Off)
	k.Duration("body_idle", &t.BodyIdle, 60*time.Second,
		"no byte moved in a body, stream or tunnel, in either direction; with `body_min_rate` the bound on long transfers", options.Off)
	k.Duration("body", &t.Body, 0, "a whole request body; then 408 `slow-request`; also per route", options.Off)
	k.Flow("body_min_rate", &t.BodyRate, kib,
		"the least that a client must send of a body, and take of a streamed one: it may keep the gateway waiting for `body_idle` and the time that "+
			"its bytes need at this rate; then 408 `slow-request`, or the response is cut, `slow-client`. A slow backend does not count; also per route")
	k.Duration("idle", &t.Idle, 75*time.Second, "a client's connection between two requests", options.Off)
	k.Section("drain", t.Drain.Keys, "how SIGTERM is followed")
	k.Later("handshake")
}

// Drain says how the gateway leaves on SIGTERM.
type Drain struct {
	Delay    time.Duration // not ready but still accepting; zero means none
	Deadline time.Duration // at most this long for what is still open, counted after Delay; never zero
}

// Keys declares the keys of `timeouts.drain`.
func (d *Drain) Keys(k options.Keys) {
	k.Duration("delay", &d.Delay, 0, "not ready, but still accepting", options.Zero)
	k.Duration("deadline", &d.Deadline, 30*time.Second, "what is still open after `delay` has so long to end")
}
