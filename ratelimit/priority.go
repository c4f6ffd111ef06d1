package ratelimit

// Priority is the class of a request. It decides the order in a Room and which share of a
// Limiter's limit the class may use. The zero value is Critical.
type Priority uint8

// The classes, the highest first. Of a Limiter's limit Critical and High may use the whole,
// Normal 95 % and Low 80 %, to the nearest whole number and at least 1.
const (
	Critical Priority = iota
	High
	Normal
	Low

	priorities = iota
)

// priorityRow is what belongs to one Priority.
type priorityRow struct {
	is    Priority // a test compares it with the index
	name  string   // configuration, metric label and log field
	share float64  // of the limit
}

var priorityRows = [...]priorityRow{
	{Critical, "critical", 1},
	{High, "high", 1},
	{Normal, "normal", 0.95},
	{Low, "low", 0.80},
}

var _ [priorities]priorityRow = priorityRows // a forgotten row does not compile

// String returns the name in the configuration, in metrics and in the log. It panics for a
// value that is none of the classes.
func (p Priority) String() string { return priorityRows[p].name }

// of returns how many attempts of p may be in flight under a limit: the nearest whole number
// to its share, so that a limit of 8 is not 7 for everybody, but at least 1.
func (p Priority) of(limit float64) int32 {
	return int32(max(min(limit, limit*priorityRows[p].share+0.5), 1))
}
