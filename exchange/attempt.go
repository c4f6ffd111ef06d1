package exchange

import "time"

// Attempt is the record of one attempt at one backend. Durations are zero when the
// step was not reached or cost nothing (a reused connection has no Connect). It is made by
// Exchange.NextAttempt and belongs to that Exchange.
type Attempt struct {
	Backend   string        // address as in the configuration or as resolved
	Start     time.Time     // when the backend had been picked
	Queue     time.Duration // waiting for a free connection
	Connect   time.Duration // TCP and TLS set-up
	FirstByte time.Duration // from Start until the final response head had been read
	Took      time.Duration // from Start until the backend's connection was given back
	Reused    bool          // the connection had served before
	Wrote     bool          // at least one request byte was handed to the kernel
	Status    int           // status of the backend's final response; 0 when there was none
	Received  int64         // response body bytes read from the backend
	Sent      int64         // request body bytes written to the backend
	Fault     *Fault        // nil when the attempt ended well
}
