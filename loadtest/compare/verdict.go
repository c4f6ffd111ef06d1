package compare

import (
	"fmt"
	"io"

	"penstock/loadtest/results"
)

// printHeld writes the verdict of a scenario and the figures for it.
func printHeld(out io.Writer, s results.Scenario) {
	h := s.Held
	if h == nil {
		return
	}
	if len(h.Measures) > 0 && s.Load != "idle" {
		first := h.Measures[0]
		fmt.Fprintf(out, "%s: %s. Processor time to %s at most %.4f, bound %.4f + %.4f", s.Name, h.Verdict, results.Before, first.Subject.High, h.Bound, first.Same.Half())
		switch {
		case h.Verdict != results.Undecided:
		case first.Same.Half() > results.MaxHalfWidth:
			fmt.Fprintf(out, "; %s to %s spreads more than %.3f to either side, the machine is too restless", results.Same, results.Before, results.MaxHalfWidth)
		default:
			fmt.Fprintf(out, "; a verdict needs %d rounds", results.MinRounds)
		}
		fmt.Fprintln(out)
		for _, c := range h.Measures {
			fmt.Fprintf(out, "  %-8s %s; %s %s\n", c.Measure, interval(c.Subject), results.Same, interval(c.Same))
		}
	}
	for _, e := range h.Exact {
		verdict := "not above"
		if e.Above() {
			verdict = "ABOVE"
		}
		fmt.Fprintf(out, "  %-8s %.2f, %s %.2f, %s %.2f: %s\n", e.Measure, e.Subject, results.Before, e.Before, results.Same, e.Same, verdict)
	}
}

// interval writes a median with its bounds.
func interval(i results.Interval) string {
	return fmt.Sprintf("%.4f (%.4f to %.4f in %d rounds)", i.Median, i.Low, i.High, i.Rounds)
}
