//go:build !penstock_nometrics

package metrics

// counting is false only in builds with the tag penstock_nometrics, in which Begin and
// Observe do nothing. Metrics have no switch, because every installation needs them; the tag
// exists to measure their cost (go run ./loadtest compare -scenarios features).
const counting = true
