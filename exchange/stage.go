package exchange

import "time"

// Stage names a step of the journey at whose end a mark may be taken.
type Stage uint8

// The stages in the order in which a request passes them.
const (
	Matched   Stage = iota // a route was found
	Received               // the request body was read, as far as it was buffered
	Answered               // the response head is known
	Delivered              // the last byte went to the client's connection
	stageCount
)

var stageText = [stageCount]string{Matched: "matched", Received: "received", Answered: "answered", Delivered: "delivered"}

func (s Stage) String() string { return stageText[s] }

// Mark notes that stage s ended now.
func (x *Exchange) Mark(s Stage, now time.Time) { x.marks[s] = now.Sub(x.Start) }

// At returns how long after Start the stage ended; zero when it was not marked.
func (x *Exchange) At(s Stage) time.Duration { return x.marks[s] }
