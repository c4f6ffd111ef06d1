package exchange

// Reason is our own name for a refusal or failure that a Kind does not tell
// apart. Its String is the metric label and the log field.
type Reason uint8

// Every reason, with the status it is answered with in reasonTable.
const (
	NoReason           Reason = iota
	NoRoute                   // no route of the configuration matches
	BadTarget                 // the request target cannot be read, or no route may see it
	PathRefused               // the path has what `paths` refuses, or leads elsewhere when read differently
	URITooLong                // the request target is above limits.uri
	BadHeader                 // the header section breaks RFC 9112 §5
	BadHost                   // Host is missing, repeated or not a host (RFC 9112 §3.2)
	HeaderStalled             // no complete request head within the header timeout
	BadFraming                // Content-Length and Transfer-Encoding (RFC 9112 §6)
	UnknownCoding             // a transfer coding other than chunked (RFC 9112 §6.1)
	HeaderTooLarge            // the request head is above limits.header_bytes
	TooManyFields             // the request head has more fields than limits.headers
	MethodRefused             // CONNECT and TRACE are not served
	VersionRefused            // neither HTTP/1.0 nor HTTP/1.1
	ExpectationRefused        // an Expect other than 100-continue
	BodyTooLarge              // above limits.body
	BodyIncomplete            // the client ended or broke its request body
	BodyStalled               // no byte of the request body for body_idle
	ClientGone                // the client closed its connection
	Loop                      // the request passed this instance before (RFC 8586)
	Overloaded                // limits.requests are in flight
	TooManyConnections        // one client's address has limits.per_ip connections open
	NoBackend                 // every backend is down, drained or tried
	QueueFull                 // pool.queue requests wait for a connection already
	QueueTimeout              // no connection came free within pool.queue_timeout
	OutOfTime                 // timeouts.request passed before a response head came
	FirstByteTimeout          // no response head within timeouts.first_byte
	BodyIdleTimeout           // no byte of a body for timeouts.body_idle
	UpgradeUnasked            // a 101 that nobody asked for, or to another protocol
	PurgeRefused              // PURGE from an address that cache.purge_from does not list
	NotCached                 // the client wants a stored response or none (only-if-cached), and there is none
	Panicked                  // a bug of ours; the request is lost, the process lives
	reasonCount
)

var reasonTable = [reasonCount]struct {
	text   string
	status int    // 0: the Kind's status
	public string // what the client may read; "" means the status text
}{
	NoReason:           {"none", 0, ""},
	NoRoute:            {"no-route", 404, "No route matches this request."},
	BadTarget:          {"bad-target", 400, "The request target is not valid."},
	PathRefused:        {"path-refused", 400, "The request path is ambiguous or not allowed."},
	URITooLong:         {"uri-too-long", 414, "The request target is too long."},
	BadHeader:          {"bad-header", 400, "The request header is not valid HTTP/1.1."},
	BadHost:            {"bad-host", 400, "The Host field is missing or not valid."},
	HeaderStalled:      {"header-stalled", 408, "The request header did not arrive in time."},
	BadFraming:         {"bad-framing", 400, "The length of the request body is not stated validly."},
	UnknownCoding:      {"unknown-coding", 501, "Only the chunked transfer coding is supported."},
	HeaderTooLarge:     {"header-too-large", 431, "The request header is too large."},
	TooManyFields:      {"too-many-fields", 431, "The request header has too many fields."},
	MethodRefused:      {"method-refused", 501, "This method is not supported."},
	VersionRefused:     {"version-refused", 505, "Only HTTP/1.0 and HTTP/1.1 are supported."},
	ExpectationRefused: {"expectation-refused", 417, "Only the expectation 100-continue is supported."},
	BodyTooLarge:       {"body-too-large", 413, "The request body is larger than this route allows."},
	BodyIncomplete:     {"body-incomplete", 400, "The request body ended early or is not valid."},
	BodyStalled:        {"body-stalled", 408, "The request body stopped arriving."},
	ClientGone:         {"client-gone", 499, ""},
	Loop:               {"loop", 508, "This request has passed this gateway before."},
	Overloaded:         {"overloaded", 503, "The gateway is at its limit of requests. Try again shortly."},
	TooManyConnections: {"too-many-connections", 429, "Too many connections from this address. Try again shortly."},
	NoBackend:          {"no-backend", 503, "No backend is available for this request."},
	QueueFull:          {"queue-full", 503, "Too many requests wait for this backend. Try again shortly."},
	QueueTimeout:       {"queue-timeout", 503, "No connection to the backend came free in time. Try again shortly."},
	OutOfTime:          {"out-of-time", 504, "The request was not answered in time."},
	FirstByteTimeout:   {"first-byte-timeout", 504, "The backend did not answer in time."},
	BodyIdleTimeout:    {"body-idle-timeout", 504, "The transfer stopped moving."},
	UpgradeUnasked:     {"upgrade-unasked", 502, ""},
	PurgeRefused:       {"purge-refused", 403, "This client may not purge."},
	NotCached:          {"not-cached", 504, "No stored response can answer this request."},
	Panicked:           {"panic", 500, ""},
}

func (r Reason) String() string { return reasonTable[r].text }

// Status returns the status code for r; 0 means that the Kind decides.
func (r Reason) Status() int { return reasonTable[r].status }

// Public returns the sentence that a client may read; "" when there is none.
func (r Reason) Public() string { return reasonTable[r].public }

// Reasons calls f with every reason but NoReason, in a fixed order. It exists so
// that metrics can be made before the first request.
func Reasons(f func(Reason)) {
	for r := NoReason + 1; r < reasonCount; r++ {
		f(r)
	}
}
