package caching

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Case is one behaviour of a cache: a play of requests and responses that shows it. Only Load makes
// cases. Playing one does not change it.
type Case struct {
	Family string // that of its Table
	Name   string // unique within its family, which table.LoadAll checks
	Kind   Kind
	Clause string // the section with the rule: "RFC 9111 §4.2"
	Route  string // the first segment of its path, which selects the route's settings
	Steps  []Step // in order

	index int // in its family, from 0
}

// Kind says who wants a behaviour. Its value is the letter that tables use; zero is not valid.
type Kind byte

// The kinds.
const (
	Required Kind = 'R' // the standard
	Optimal  Kind = 'O' // whoever pays for the origin: it saves a request
	Choice   Kind = 'C' // Penstock, where the standards leave it open
	Beyond   Kind = 'P' // Penstock, where the standards say nothing
)

// String returns the letter of k; "\x00" for the zero value.
func (k Kind) String() string { return string(k) }

// Step is one thing that happens. Exactly one of its parts but Line is set.
type Step struct {
	Line     int           // in the table, from 1
	Response *Response     // what the origin responds from now on
	Ask      *Ask          // a request of the client
	Wait     time.Duration // the clock moves so far; nothing sleeps
	Purge    string        // the words after "purge", which Runner.Purge executes
}

// Response is what the origin responds from now on to every request of the case. The body and the
// values of fields may contain {url}, the path of the case, and {now} and {start}, with an offset in
// seconds and a layout, such as {now-60}: the time of the clock now and at the beginning of the play.
// Date, with the present time, and, with Sized and a status other than 204 and 304, Content-Length
// are added unless Fields has them.
type Response struct {
	Status  int     // that of the origin before the first Response is 200
	OnlyIf  bool    // only for requests with If-None-Match or If-Modified-Since; the others get the response before it
	Fields  []Field // in order
	Body    string  // when HasBody; otherwise "answer" and the number of the request
	HasBody bool
	Framing Framing
	End     End
	Slow    time.Duration // the clock moves this far before the response
	Interim []Interim     // sent before it
}

// Framing is how the origin shows where the body ends. The zero value is Sized.
type Framing uint8

// The framings.
const (
	Sized      Framing = iota // Content-Length
	Chunked                   // Transfer-Encoding: chunked
	UntilClose                // neither; the connection ends
)

// End is how a response of the origin ends: complete, which is the zero value, or broken off.
type End uint8

// The ends.
const (
	Whole End = iota // complete
	Lost             // the connection ends without a byte
	Cut              // the connection ends after half of the body
)

// Interim is an interim response with one field.
type Interim struct {
	Status int
	Field  Field
}

// Ask is one request of the client, with what is expected to happen to it. Values of Fields may
// contain times, as in Response.
type Ask struct {
	Method string
	Suffix string  // appended to the URL of the case; may be empty
	Fields []Field // Host is a.example without one
	Body   string  // sent with a Content-Length; "" for none
	Until  bool    // repeated, at most for Runner.Patience, until the result is as expected: something happens in the background

	Verb   Verb
	Status int     // wanted; zero means that it follows from Verb
	Number int     // from 1, of the origin's response that the client gets; zero means that it follows from Verb
	Client []Check // of the client's response
	Origin []Check // of the last request that the origin got for this one; an error when there is none
}

// Verb is what the cache must do with a request. The zero value is not valid. With each of them the
// client's response must have a Cache-Status that agrees, and with Hit, Stale and Background an Age.
type Verb uint8

// The verbs. An unset one is an error of the table.
const (
	unset      Verb = iota
	New             // the origin gets one request, without conditions; the client gets its response
	Passed          // the origin gets one request, with or without conditions; the client gets its response
	Hit             // the origin gets no request; the client gets a stored response
	Validated       // the origin gets one request, with conditions; the client gets a stored response
	Stale           // the origin gets a request or more; the client gets a stored response
	Refetched       // the origin gets a request with conditions, then one without; the client gets the second response
	Background      // the client gets a stored response; after that the origin gets one request, or more when the response to the first is lost
	Own             // the origin gets no request; the client gets a response of the gateway's own
	Failed          // the origin gets a request or more; the client gets a response of the gateway's own
	verbCount
)

var verbText = [verbCount]string{
	unset: "unset", New: "new", Passed: "passed", Hit: "hit", Validated: "validated", Stale: "stale", Refetched: "refetched",
	Background: "background", Own: "own", Failed: "failed",
}

// String returns the name as the tables spell it. It panics for a value that is none of the verbs.
func (v Verb) String() string { return verbText[v] }

// verbOf returns the verb of that name, unset when there is none.
func verbOf(name string) Verb { return Verb(max(0, slices.Index(verbText[1:], name)+1)) }

// stored reports whether the client gets a stored response.
func (v Verb) stored() bool { return v == Hit || v == Validated || v == Stale || v == Background }

// Check is one condition that a message must fulfil.
type Check struct {
	Kind  CheckKind
	Name  string // of the field, unless Kind says otherwise
	Value string // may contain times, as in Response, unless Kind is Body or about interim responses
}

// CheckKind says what a Check looks at. The zero value is Is.
type CheckKind uint8

// The kinds of checks.
const (
	Is      CheckKind = iota // the values of the field, one Check for each line, are these
	No                       // there is no such field
	Has                      // the lines of the field, one below the other, contain Value
	HasNot                   // they do not
	Body                     // the body is Value
	Word                     // the method or the target of a request, as Name says, is Value
	Told                     // an interim response came: Name is its status, Value the only field of that name, as "Name: value"
	NotTold                  // no interim response came
	IsCut                    // the response is visibly truncated
)

// Field is one field line. Values may contain times, as in Response.
type Field struct{ Name, Value string }

// url returns the path of the case.
func (c *Case) url() string { return "/" + c.Route + "/" + c.id() }

// id returns the segment of the path by which the origin distinguishes cases.
func (c *Case) id() string { return c.Family + "-" + strconv.Itoa(c.index) }

// complain returns what the case lacks; nil when it can be played.
func (c *Case) complain() error {
	asks, responses := 0, 0
	for _, s := range c.Steps {
		if s.Response != nil {
			if responses++; responses == 1 && s.Response.OnlyIf {
				return fmt.Errorf("line %d: requests without a condition have no response", s.Line)
			}
		}
		if s.Ask == nil {
			continue
		}
		asks++
		if s.Ask.Verb == unset {
			return fmt.Errorf("line %d: nothing is expected of the request", s.Line)
		}
	}
	switch {
	case asks == 0:
		return fmt.Errorf("the client sends no request")
	case c.Route == "":
		return fmt.Errorf("no route is named")
	case c.Kind != Beyond && !strings.Contains(c.Clause, "§"):
		return fmt.Errorf("clause %q names no section", c.Clause)
	case c.Clause == "":
		return fmt.Errorf("no clause")
	}
	return nil
}
