package conformance

import "strings"

// Case is one test: what a client and a backend send, and every outcome that is acceptable
// for a gateway between them. Load makes cases and checks them; one made by hand is not checked.
// Nothing in it changes while it is played.
type Case struct {
	Family string     // that of its Table
	Name   string     // unique within its family, which table.LoadAll checks
	Clause string     // the section with the rule: "RFC 9112 §6.3"
	Danger bool       // letting it through could make two readers see different messages
	Choice string     // why Penstock refuses what it might take; "" when it does not
	Steps  []Step     // what the client does, in order
	Script []Response // of the backend, one for each request; further requests get 200 with a short body
	Want   []Outcome  // every acceptable outcome
	Got    []Expect   // what the backend must have received; derived from Steps when empty
	Checks []string   // demands, as in Expect, on the first request that the backend got; only while Got is empty
	See    []string   // demands, as in Expect, on the last final response, if the outcome is Forwarded
	Order  string     // if it is Forwarded, the status codes of all responses, interim ones too: "103 200"; "" for any
}

// StepKind says what a Step does. The zero value is Send.
type StepKind uint8

// The kinds of steps.
const (
	Send  StepKind = iota // the client writes Bytes
	Await                 // the client reads one response, interim ones count; without one within Runner.Patience no outcome is acceptable
	End                   // the client ends its side of the connection, and still reads
	Stray                 // the origin writes Bytes on the connection of the last request; nothing without one
)

// Step is one thing that the client, or for Stray the origin, does.
type Step struct {
	Kind  StepKind
	Bytes []byte // of Send and Stray
}

// Response is what the origin sends for one request. The zero value sends nothing and keeps the
// connection open.
type Response struct {
	Bytes []byte // of one final response, interim ones before it included; they need not be valid
	Early bool   // it is sent when the request's head has arrived, without waiting for the body
	Close bool   // the origin closes the connection after it
	Reset bool   // the origin resets the connection after it
}

// Expect is one request that the backend must have received.
type Expect struct {
	Method, Target string
	// Checks are demands on it: "Name: value" (of several lines with one name all values, in order),
	// "no Name", "body text" for exactly this body, "raw bytes" for bytes anywhere in the message.
	Checks []string
}

// Kind is the kind of an Outcome. The zero value is Refused.
type Kind uint8

// The kinds of outcomes.
const (
	Refused   Kind = iota // one response of the gateway's own, no upstream contact, connection closed
	Closed                // no response and no upstream contact, connection closed
	Answered              // one response of the gateway's own, no upstream contact
	Cut                   // the backend got no complete request; the client one response or none, and the end
	Forwarded             // the backend got the request, the client the origin's response
	Gateway               // the backend got the request, the client a response of the gateway's own
	Aborted               // the backend got the request, the client a response that is visibly incomplete, or none, and the end
	kindCount
)

var kindText = [kindCount]string{
	Refused: "refused", Closed: "closed", Answered: "answered", Cut: "cut",
	Forwarded: "forwarded", Gateway: "gateway", Aborted: "aborted",
}

// String returns the name as the tables spell it. It panics for a value that is none of the kinds.
func (k Kind) String() string { return kindText[k] }

// Outcome is one acceptable end of a case. Which requests and responses an outcome has, and whether
// the connection must be closed, follows from Kind.
type Outcome struct {
	Kind   Kind
	After  int    // number of requests that were forwarded, and their responses passed on, before; no meaning for Forwarded and Aborted
	Status []int  // acceptable status codes of the last response; empty means any, but for the origin's without HasBody that of the script
	Body   string // of the last response, when HasBody; else any, but for the origin's with an empty Status that of the script
	Conn   string // "close" or "keep"; "" means either, or what Kind says

	HasBody bool
}

// sent returns all bytes that the client sends.
func (c *Case) sent() []byte {
	var all []byte
	for _, s := range c.Steps {
		if s.Kind == Send {
			all = append(all, s.Bytes...)
		}
	}
	return all
}

// requests returns the messages that the client sends, as far as they are valid.
func (c *Case) requests() []Message {
	var list []Message
	rest := c.sent()
	for len(rest) > 0 {
		m, n, err := readRequest(rest)
		if err != nil {
			break
		}
		list, rest = append(list, m), rest[n:]
	}
	return list
}

// method returns the method of the i-th request. For a request that cannot be read it
// assumes the first word sent, or GET when it is not the first request.
func (c *Case) method(i int) string {
	if i < len(c.Got) {
		return c.Got[i].Method
	}
	if list := c.requests(); i < len(list) {
		return list[i].Start[0]
	}
	word, _, _ := strings.Cut(string(c.sent()), " ")
	if i == 0 {
		return word
	}
	return "GET"
}

// finals returns the largest number of final responses that an acceptable outcome has.
func (c *Case) finals() int {
	n := 1
	for _, o := range c.Want {
		switch o.Kind {
		case Closed:
			n = max(n, o.After)
		case Forwarded:
			n = max(n, len(c.expected()))
		default:
			n = max(n, o.After+1)
		}
	}
	return n
}

// Allows reports whether Forwarded is one of the acceptable outcomes.
func (c *Case) Allows() bool { return c.allowed(Forwarded) }

// allowed reports whether one of the acceptable outcomes is of this kind.
func (c *Case) allowed(k Kind) bool {
	for _, o := range c.Want {
		if o.Kind == k {
			return true
		}
	}
	return false
}
