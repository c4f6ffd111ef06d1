package accesslog

import "penstock/exchange"

// Entry is the content of one line. Its slices and the Exchange are read only during the
// call that gets the Entry.
type Entry struct {
	Exchange  *exchange.Exchange // never nil; its Took must be set
	Protocol  string             // as downstream.Head.Spoken returns it; empty if it was not read, as are the fields below
	Method    []byte
	Host      []byte // as the client sent it
	Target    []byte // as the client sent it, with the query
	UserAgent []byte
}

// Format is how an Entry is written. Every value other than Text means JSON.
type Format uint8

// The formats of log.access.format.
const (
	JSON Format = iota // one JSON object
	Text               // one line for people
)

// Append appends e as one line with its newline to dst and returns the longer
// slice. It allocates nothing when dst has room.
func (f Format) Append(dst []byte, e *Entry) []byte {
	if f == Text {
		return appendText(dst, e)
	}
	return appendJSON(dst, e)
}
