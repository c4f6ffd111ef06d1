//go:build !penstock_nometrics

package metrics

// counting is false only in builds with the tag penstock_nometrics, in which Begin and
// Observe do nothing. Metrics have no switch, because nobody should run without them; the
// tag is there to measure what they cost (go run ./loadtest compare -scenarios features).
const counting = true
