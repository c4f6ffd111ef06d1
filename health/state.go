package health

// State is how an endpoint is, in one word. The words are those of the API, the
// metric penstock_backend_state and the log. The zero value is Up.
type State uint8

// The states. An endpoint to which several apply has the last one of this list. One that is
// Ejected still gets requests when no other backend of the route is left.
const (
	Up       State = iota // it gets requests, and nothing speaks against it
	Warming               // it gets a growing part of its requests: a slow start
	Ejected               // it gets no requests for a while, and then one at a time until one succeeds
	Checking              // it is new, and gets no requests before its first good check
	Down                  // it has no address; or its checks fail, and it gets no requests; or it fails and gets requests only because it may not be ejected
	Open                  // its breaker lets no request pass
	HalfOpen              // its breaker lets one request at a time pass, until some have succeeded
	Drained               // its weight is 0: it gets no new requests
	stateCount
)

var stateText = [stateCount]string{
	Up: "up", Warming: "warming", Ejected: "ejected", Checking: "checking", Down: "down",
	Open: "open", HalfOpen: "half-open", Drained: "drained",
}

// byRequests reports whether requests that failed lead to the state.
func (s State) byRequests() bool { return s != Up && s != Warming && s != Checking && s != Drained }

// String returns the word for s. It panics for a value that is none of the states.
func (s State) String() string { return stateText[s] }

// MarshalText returns the word for s. Its error is always nil; it panics as String does.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reason is why an endpoint is not up.
type Reason uint8

// The reasons, with the state that each belongs to. Of failures in a row the latest one decides.
const (
	NoReason        Reason = iota // up; also ejected for failures in a row and then again by a trial that ended as lb.ServerError
	ConnectFailures               // ejected or down: no connection could be set up, or new ones ended before any byte of a response
	Timeouts                      // ejected or down: no response came in time
	Cuts                          // ejected or down: connections ended without a whole response
	Unavailable                   // ejected: it responded with 502, 503 or 504 again and again
	Errors                        // ejected: it fails more often than the others
	Silent                        // ejected: it does not respond, and the others do
	Slow                          // ejected: it is much slower than the others
	NoAddress                     // down: the name has no address
	HealthChecks                  // down: its active checks fail
	Unchecked                     // checking: no check has succeeded yet
	Failures                      // open or half-open: too large a share of its requests failed
	SlowStart                     // warming: it is new, or was away for some time
	ZeroWeight                    // drained: the configuration says weight 0
	Operator                      // drained: an operator drained it or set its weight to 0
	reasonCount
)

var reasonText = [reasonCount]string{
	NoReason: "", ConnectFailures: "connect-failures", Timeouts: "timeouts", Cuts: "cuts",
	Unavailable: "unavailable", Errors: "errors", Silent: "silent", Slow: "slow",
	NoAddress: "no-address", HealthChecks: "health-checks", Unchecked: "unchecked", Failures: "failures", SlowStart: "slow-start",
	ZeroWeight: "weight-0", Operator: "operator",
}

// String returns the name of r; "" for NoReason. It panics for a value that is none of the
// reasons.
func (r Reason) String() string { return reasonText[r] }

// MarshalText returns the name of r. Its error is always nil; it panics as String does.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
