package exchange

// Reason is our own name for a refusal or failure that a Kind does not tell
// apart. The zero value is NoReason. Its String is the metric label and the log field. All
// methods panic for a value that is none of the reasons.
type Reason uint8

// Every reason, each with its row in reasons.
const (
	NoReason           Reason = iota
	NoRoute                   // no route of the configuration matches
	BadTarget                 // the request target cannot be read, or no route may see it
	PathRefused               // the path has what `paths` refuses or what is always refused, such as %00, or leads elsewhere when read differently
	URITooLong                // the request target is above limits.uri, or the request line alone above limits.header_bytes
	BadHeader                 // a line of the head breaks RFC 9112 §3 or §5, a field that may come once is repeated, or the connection ended within the head
	BadHost                   // Host is not a host, or missing or empty, which only HTTP/1.0 may have (RFC 9112 §3.2); a repeated one is BadHeader
	TLSOnPlainPort            // the connection begins with a TLS handshake, and the listener speaks plain HTTP
	HeaderStalled             // no complete request head within the header timeout
	BadFraming                // Content-Length and Transfer-Encoding (RFC 9112 §6)
	UnknownCoding             // a transfer coding other than chunked (RFC 9112 §6.1)
	HeaderTooLarge            // the request head is above limits.header_bytes
	TooManyFields             // the request head has more fields than limits.headers, or more than 1 KiB of Connection options
	MethodRefused             // CONNECT and TRACE are not served
	VersionRefused            // not HTTP/1; any minor version above 0 counts as HTTP/1.1
	ExpectationRefused        // an Expect other than 100-continue, unless the request is HTTP/1.0
	BodyTooLarge              // the request body is above limits.body of the route
	BodyIncomplete            // the client ended or broke its request body
	BodyStalled               // no byte of the request body for body_idle
	SlowRequest               // the request body comes slower than timeouts.body_min_rate, or took timeouts.body
	SlowClient                // after the response has begun, the client takes it or sends its request body slower than timeouts.body_min_rate
	TooManySlow               // more transfers are slow because of their clients than pool.slow or half of limits.requests, and this is the slowest
	BuffersFull               // limits.buffered_bodies are in use, and the length of the request body is not known
	ClientGone                // the client closed its connection
	Loop                      // the request passed this instance before (RFC 8586)
	Overloaded                // limits.requests are in flight
	TooManyConnections        // one client's address has limits.per_ip connections open, or requests in flight through trusted proxies
	RateLimited               // a limit of rate_limit is used up
	RouteFull                 // limits.requests of the route are in flight
	NoBackend                 // no backend may be used: each is down or drained, or no name of the upstream has an address
	BreakerOpen               // the breakers of all backends are open
	QueueFull                 // no backend has room, and as many requests wait as may; or pool.queue wait for a connection
	QueueTimeout              // no backend had room in time; or no connection came free within pool.queue_timeout
	TunnelsFull               // the backend has pool.tunnels open tunnels
	OutOfTime                 // timeouts.request passed before a response head came
	FirstByteTimeout          // no response head within timeouts.first_byte
	BackendSilent             // the backend was ejected because it responds to no request (eject.silent)
	BodyIdleTimeout           // no byte of a body for timeouts.body_idle
	UpgradeUnasked            // a 101 that nobody asked for, to another protocol, or before the request was sent
	PurgeRefused              // PURGE from an address that cache.purge_from does not list
	NotCached                 // the client wants a stored response or none (only-if-cached), and there is none
	Panicked                  // a bug of ours; the request is lost, the process lives
	reasonCount
)

// reasonRow is all that belongs to one reason. Rows are written without field names, so that
// a forgotten column does not compile.
type reasonRow struct {
	is         Reason // the row's index; a test compares them
	name       string // metric label, log field, problem detail
	kind       Kind   // error of Proxy-Status
	source     Source // whose side it lies on
	status     int    // sent to the client; 0: the Kind's status
	closes     bool   // the connection must close after the response
	retryAfter bool   // the response says when to try again
	public     string // what the client may read; "" means the status text
}

// reasons has one row for each Reason, in their order.
var reasons = [...]reasonRow{
	{NoReason, "none", NoKind, Gateway, 0, false, false, ""},
	{NoRoute, "no-route", DestinationNotFound, Gateway, 404, false, false, "No route matches this request."},
	{BadTarget, "bad-target", HTTPRequestError, Client, 400, true, false, "The request target is not valid."},
	{PathRefused, "path-refused", HTTPRequestError, Client, 400, true, false, "The request path is ambiguous or not allowed."},
	{URITooLong, "uri-too-long", HTTPRequestError, Client, 414, true, false, "The request target is too long."},
	{BadHeader, "bad-header", HTTPRequestError, Client, 400, true, false, "The request header is not valid HTTP/1.1."},
	{BadHost, "bad-host", HTTPRequestError, Client, 400, true, false, "The Host field is missing or not valid."},
	{TLSOnPlainPort, "tls-on-plain-port", HTTPRequestError, Client, 400, true, false, "This port speaks plain HTTP, and the connection begins with a TLS handshake."},
	{HeaderStalled, "header-stalled", HTTPRequestError, Client, 408, true, false, "The request header did not arrive in time."},
	{BadFraming, "bad-framing", HTTPRequestError, Client, 400, true, false, "The length of the request body is not stated validly."},
	{UnknownCoding, "unknown-coding", HTTPRequestError, Client, 501, true, false, "Only the chunked transfer coding is supported."},
	{HeaderTooLarge, "header-too-large", HTTPRequestError, Client, 431, true, false, "The request header is too large."},
	{TooManyFields, "too-many-fields", HTTPRequestError, Client, 431, true, false, "The request header has too many fields."},
	{MethodRefused, "method-refused", HTTPRequestDenied, Gateway, 501, false, false, "This method is not supported."},
	{VersionRefused, "version-refused", HTTPRequestError, Client, 505, true, false, "Only HTTP/1.0 and HTTP/1.1 are supported."},
	{ExpectationRefused, "expectation-refused", HTTPRequestError, Client, 417, true, false, "Only the expectation 100-continue is supported."},
	{BodyTooLarge, "body-too-large", HTTPRequestError, Client, 413, true, false, "The request body is larger than this route allows."},
	{BodyIncomplete, "body-incomplete", HTTPRequestError, Client, 400, true, false, "The request body ended early or is not valid."},
	{BodyStalled, "body-stalled", HTTPRequestError, Client, 408, true, false, "The request body stopped arriving."},
	{SlowRequest, "slow-request", HTTPRequestError, Client, 408, true, false, "The request body arrives too slowly."},
	{SlowClient, "slow-client", ConnectionWriteTimeout, Client, 408, true, false, ""},
	{TooManySlow, "too-many-slow", ConnectionLimitReached, Gateway, 503, true, true, "Too many transfers are slow. Try again shortly."},
	{BuffersFull, "buffers-full", ConnectionLimitReached, Gateway, 503, false, true, "The gateway has no memory for the request body. Try again shortly."},
	{ClientGone, "client-gone", HTTPRequestError, Client, 499, true, false, ""},
	{Loop, "loop", ProxyLoopDetected, Gateway, 508, false, false, "This request has passed this gateway before."},
	{Overloaded, "overloaded", ConnectionLimitReached, Gateway, 503, false, true, "The gateway is at its limit of requests. Try again shortly."},
	{TooManyConnections, "too-many-connections", HTTPRequestDenied, Gateway, 429, false, true, "Too many connections from this address. Try again shortly."},
	{RateLimited, "rate-limited", HTTPRequestDenied, Gateway, 429, false, true, "Too many requests. Try again later."},
	{RouteFull, "route-full", ConnectionLimitReached, Gateway, 503, false, true, "This route is at its limit of requests. Try again shortly."},
	{NoBackend, "no-backend", DestinationUnavailable, Upstream, 503, false, false, "No backend is available for this request."},
	{BreakerOpen, "breaker-open", DestinationUnavailable, Upstream, 503, false, true, "Too many requests to the backends of this one have failed. Try again later."},
	{QueueFull, "queue-full", ConnectionLimitReached, Upstream, 503, false, true, "Too many requests wait for a backend. Try again shortly."},
	{QueueTimeout, "queue-timeout", ConnectionLimitReached, Upstream, 503, false, true, "No backend had room for the request in time. Try again shortly."},
	{TunnelsFull, "tunnels-full", ConnectionLimitReached, Upstream, 503, false, true, "Too many tunnels to this backend are open. Try again shortly."},
	{OutOfTime, "out-of-time", HTTPResponseTimeout, Gateway, 504, false, false, "The response did not come in time."},
	{FirstByteTimeout, "first-byte-timeout", HTTPResponseTimeout, Upstream, 504, false, false, "The backend did not respond in time."},
	{BackendSilent, "backend-silent", HTTPResponseTimeout, Upstream, 504, false, false, "The backend does not respond."},
	{BodyIdleTimeout, "body-idle-timeout", HTTPResponseTimeout, Upstream, 504, false, false, "The transfer stopped moving."},
	{UpgradeUnasked, "upgrade-unasked", HTTPUpgradeFailed, Upstream, 502, false, false, ""},
	{PurgeRefused, "purge-refused", HTTPRequestDenied, Gateway, 403, false, false, "This client may not purge."},
	{NotCached, "not-cached", HTTPRequestDenied, Gateway, 504, false, false, "No stored response can be used for this request."},
	{Panicked, "panic", ProxyInternalError, Gateway, 500, true, false, ""},
}

var _ [reasonCount]reasonRow = reasons // a forgotten row does not compile

func (r Reason) String() string { return reasons[r].name }

// Status returns the status code for r; 0 means that the Kind decides.
func (r Reason) Status() int { return reasons[r].status }

// Public returns the sentence that a client may read; "" when there is none, and for NoReason.
func (r Reason) Public() string { return reasons[r].public }

// Closes reports whether the client's connection must close after the response.
func (r Reason) Closes() bool { return reasons[r].closes }

// RetryAfter reports whether the response carries Retry-After; the gateway chooses its value.
func (r Reason) RetryAfter() bool { return reasons[r].retryAfter }

// Reasons calls f with every reason but NoReason, in a fixed order. It exists so
// that metrics can be made before the first request.
func Reasons(f func(Reason)) {
	for r := NoReason + 1; r < reasonCount; r++ {
		f(r)
	}
}
