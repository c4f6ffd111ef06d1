package headers

import "math"

// BodyKind says how the end of a message body is found (RFC 9112 §6.3). The zero value is NoBody.
// String panics for a value that is none of the kinds.
type BodyKind uint8

// The kinds of bodies.
const (
	NoBody     BodyKind = iota // there is none, even where the fields of a response state a length
	Sized                      // Framing.Length bytes; may be 0
	Chunked                    // the chunked coding ends it
	UntilClose                 // the end of the connection ends it; responses only
	bodyKindCount
)

var bodyKindText = [bodyKindCount]string{NoBody: "none", Sized: "sized", Chunked: "chunked", UntilClose: "until-close"}

func (k BodyKind) String() string { return bodyKindText[k] }

// Framing is the one judgement of where a body ends. Nothing else may look at
// Content-Length or Transfer-Encoding.
type Framing struct {
	Kind BodyKind
	// Length is the size of a Sized body in bytes. For NoBody it is the length that
	// a response to HEAD or a 304 states for the content it does not carry
	// (RFC 9110 §8.6). -1 when no length is stated.
	Length int64
}

// RequestFraming judges the body of a request (RFC 9112 §6). It sees fields as
// received, dropped or not. Without both fields there is no body; a Content-Length of 0 is Sized.
// Problems are BadLength, RepeatedLength (also for equal ones), LengthAndCoding, RepeatedCoding,
// BadCoding, UnknownCoding and CodingInHTTP10; the Framing must not be used then. UnknownCoding
// becomes a 501, every other problem a 400, and the connection is closed after either.
func RequestFraming(b *Block, http11 bool) (Framing, Problem) {
	coded, p := coding(b, http11)
	if p != NoProblem {
		return Framing{}, p
	}
	if coded {
		return Framing{Kind: Chunked, Length: -1}, NoProblem
	}
	if b.twice.has(ContentLength) {
		return Framing{}, RepeatedLength
	}
	n, p := length(b)
	switch {
	case p != NoProblem:
		return Framing{}, p
	case n < 0:
		return Framing{Kind: NoBody, Length: -1}, NoProblem
	}
	return Framing{Kind: Sized, Length: n}, NoProblem
}

// ResponseFraming judges the body of a response to a request with this method
// (RFC 9112 §6.3). Any problem, of those of RequestFraming, means that the backend cannot be
// understood: its connection must not be used again, nor the Framing. Repeated lengths are taken
// when they agree; without a length and a coding the end of the connection ends the body.
// Statuses below 200 and 204 have no body, whatever the fields say; HEAD (in capitals) and 304
// have none either, but their fields are judged. Fields count dropped or not.
func ResponseFraming(method []byte, status int, b *Block, http11 bool) (Framing, Problem) {
	if status < 200 || status == 204 {
		return Framing{Kind: NoBody, Length: -1}, NoProblem // §6.3 rule 1: fields do not count
	}
	coded, p := coding(b, http11)
	if p != NoProblem {
		return Framing{}, p
	}
	n, p := length(b)
	switch {
	case p != NoProblem:
		return Framing{}, p
	case status == 304 || string(method) == "HEAD":
		return Framing{Kind: NoBody, Length: n}, NoProblem
	case coded:
		return Framing{Kind: Chunked, Length: -1}, NoProblem
	case n >= 0:
		return Framing{Kind: Sized, Length: n}, NoProblem
	}
	return Framing{Kind: UntilClose, Length: -1}, NoProblem
}

// coding reports whether the chunked coding, and nothing else, is applied.
func coding(b *Block, http11 bool) (bool, Problem) {
	if !b.seen.has(TransferEncoding) {
		return false, NoProblem
	}
	switch value := b.received(TransferEncoding); {
	case !http11:
		return false, CodingInHTTP10
	case b.twice.has(TransferEncoding):
		return false, RepeatedCoding
	case b.seen.has(ContentLength):
		return false, LengthAndCoding
	case equalFold(value, "chunked"):
		return true, NoProblem
	default:
		return false, otherCoding(value)
	}
}

// otherCoding reports a list that we might have understood, had we known its
// codings, from one that leaves the length of the body open.
func otherCoding(value []byte) Problem {
	final := false // the last member so far is chunked
	for m := range List(value) {
		if len(m) == 0 || final || nameLength(m) != len(m) {
			return BadCoding
		}
		final = equalFold(m, "chunked")
	}
	if !final {
		return BadCoding
	}
	return UnknownCoding
}

// length returns the stated Content-Length, -1 without one. Several that agree
// count as one (RFC 9112 §6.3 rule 5).
func length(b *Block) (int64, Problem) {
	if !b.seen.has(ContentLength) {
		return -1, NoProblem
	}
	stated := int64(-1)
	for i := range b.Fields {
		if b.Fields[i].ID != ContentLength {
			continue
		}
		n, ok := decimal(b.Fields[i].Value)
		if !ok {
			return -1, BadLength
		}
		if stated >= 0 && n != stated {
			return -1, RepeatedLength
		}
		stated = n
	}
	return stated, NoProblem
}

// decimal reads 1*DIGIT that fits in an int64. Leading zeros are legal (RFC 9110
// §8.6) and harmless, because the sender writes the number anew.
func decimal(b []byte) (n int64, ok bool) {
	for _, c := range b {
		d := int64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}

// received returns the first value with this ID, dropped or not.
func (b *Block) received(id ID) []byte {
	for i := range b.Fields {
		if b.Fields[i].ID == id {
			return b.Fields[i].Value
		}
	}
	return nil
}
