package httpcache

// Outcome says what is done with a request next.
type Outcome uint8

// The outcomes. Lookup returns AskOrigin, Serve or Refuse; Store returns Serve, Refuse or Relay.
const (
	AskOrigin Outcome = iota // the store does not serve the request: ask the origin
	Serve                    // the response from the store is ready to be sent
	Refuse                   // the client gets the fault that came along
	Relay                    // the client gets the origin's response
	outcomeCount
)

var outcomeText = [outcomeCount]string{AskOrigin: "ask-origin", Serve: "serve", Refuse: "refuse", Relay: "relay"}

// String returns the outcome's name. It panics for a number that is no outcome.
func (o Outcome) String() string { return outcomeText[o] }

// Statuses that the steps look at.
const (
	statusNoContent           = 204
	statusPartialContent      = 206
	statusNotModified         = 304
	statusRangeNotSatisfiable = 416
)
