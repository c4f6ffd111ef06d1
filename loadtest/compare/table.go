package compare

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"penstock/loadtest/results"
)

// printScenario writes what one scenario has found. A ratio is to results.Base.
func printScenario(out io.Writer, s results.Scenario) {
	fmt.Fprintf(out, "\n%s: %s\n", s.Name, s.About)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if s.Load == "idle" {
		fmt.Fprintln(w, "\tKiB each\tMiB\tconnections\terrors\t")
		for _, t := range s.Targets {
			fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%.0f\t%.0f\t\n", t.Name, t.PerIdle, t.RSS, t.Requests, t.Errors)
		}
		_ = w.Flush()
		printHeld(out, s)
		return
	}
	fmt.Fprintln(w, "\treq/s\tratio\tCPU us\tratio\tp50 ms\tratio\tp99 ms\tratio\tp99.9 ms\tratio\tMiB\tratio\tto origin\tcalls\terrors\t")
	for _, t := range s.Targets {
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.2f\t%s\t%.2f\t%s\t%.2f\t%s\t%.2f\t%s\t%.1f\t%s\t%.2f\t%s\t%.0f\t\n",
			t.Name, t.RPS, ratio(t.Ratio.RPS), t.CPU, ratio(t.Ratio.CPU), t.P50, ratio(t.Ratio.P50), t.P99, ratio(t.Ratio.P99),
			t.P999, ratio(t.Ratio.P999), t.RSS, ratio(t.Ratio.RSS), t.Origin, strings.TrimPrefix(ratio(t.Syscalls), "-"), t.Errors)
	}
	_ = w.Flush()
	printPairs(out, s.Pairs)
	printHeld(out, s)
}

// ratio writes a figure that may be missing.
func ratio(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}

// printCurve writes the processor time along a family.
func printCurve(out io.Writer, s results.Scenario) {
	fmt.Fprintf(out, "\n%s: CPU us a request\n", s.About)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := false
	for _, g := range s.Growth {
		if g.Measure != "cpu_us" {
			continue
		}
		if !head {
			head = true
			for _, p := range g.Points {
				fmt.Fprintf(w, "\t%.0f", p.X)
			}
			fmt.Fprintln(w, "\tlast / first\t")
		}
		fmt.Fprint(w, g.Target)
		for _, p := range g.Points {
			fmt.Fprintf(w, "\t%.2f", p.Y)
		}
		fmt.Fprintf(w, "\t%.2f\t\n", g.Points[len(g.Points)-1].Ratio)
	}
	_ = w.Flush()
}
