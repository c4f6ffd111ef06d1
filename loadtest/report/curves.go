package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"penstock/loadtest/results"
)

// Measures of a plot, in the units of its drawing.
const (
	plotWidth  = 470
	plotHeight = 250
	plotLeft   = 52
	plotRight  = 96 // room for the names at the ends of the lines
	plotTop    = 14
	plotBottom = 34
)

// curveCard is one family: how figures grow with what X counts.
type curveCard struct {
	Name, About, XName string
	Why                string // empty when nobody has looked
	Plots              []plot
}

// plot is one figure.
type plot struct {
	Title                    string
	Width, Height            float64
	Left, Right, Top, Bottom float64 // of the area inside
	XTicks, YTicks           []tick
	Lines                    []line
}

// line is one target.
type line struct {
	Target       string
	Path         string // for an SVG path
	Dots         []dot
	EndX, EndY   float64 // of the last point
	LabelY       float64
	First, Last  string
	Total, Slope string // the last as a multiple of the first, and growth for each tenfold X
	Each         string // growth for each one more
}

type dot struct {
	X, Y float64
	Tip  string
}

// curves draws every curve of the run.
func curves(run *results.Run) []curveCard {
	titles := map[string]string{
		"cpu_us": "processor time a request, µs", "rps": "requests a second",
		"p99_ms": "p99 latency, ms", "rss_mib": "resident memory, MiB",
	}
	why := explanations()
	var all []curveCard
	for _, s := range run.Scenarios {
		c := curveCard{Name: s.Name, About: s.About, XName: s.XName, Why: why[s.Name]}
		for _, m := range results.Measures() {
			var series []results.Series
			for _, g := range s.Growth {
				if g.Measure == m && len(g.Points) > 1 && g.Points[0].X > 0 {
					series = append(series, g)
				}
			}
			if len(series) > 0 {
				c.Plots = append(c.Plots, draw(titles[m], s.XName, series))
			}
		}
		if len(c.Plots) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// draw lays out one figure: X is logarithmic, Y begins at 0.
func draw(title, xName string, series []results.Series) plot {
	p := plot{
		Title: title, Width: plotWidth, Height: plotHeight,
		Left: plotLeft, Right: plotWidth - plotRight, Top: plotTop, Bottom: plotHeight - plotBottom,
	}
	var xs []float64
	most := 0.0
	for _, s := range series {
		for _, point := range s.Points {
			xs, most = append(xs, point.X), max(most, point.Y)
		}
	}
	slices.Sort(xs)
	xs = slices.Compact(xs)
	top, step := nice(most)
	low, high := math.Log10(xs[0]), math.Log10(xs[len(xs)-1])
	atX := func(v float64) float64 { return p.Left + (p.Right-p.Left)*(math.Log10(v)-low)/(high-low) }
	atY := func(v float64) float64 { return p.Bottom - (p.Bottom-p.Top)*v/top }
	for _, x := range xs {
		p.XTicks = append(p.XTicks, tick{atX(x), p.Bottom + 15, thousands(fmt.Sprintf("%.0f", x))})
	}
	for i := range int(math.Round(top/step)) + 1 {
		v := float64(i) * step
		text := fmt.Sprintf("%g", v)
		if v >= 1000 {
			text = thousands(fmt.Sprintf("%.0f", v))
		}
		p.YTicks = append(p.YTicks, tick{p.Left - 6, atY(v), text})
	}
	for _, s := range series {
		l := line{Target: s.Target}
		var path strings.Builder
		for i, point := range s.Points {
			x, y := atX(point.X), atY(point.Y)
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
			l.Dots = append(l.Dots, dot{x, y, fmt.Sprintf("%s, %s %s: %s", s.Target, thousands(fmt.Sprintf("%.0f", point.X)), xName, figure(point.Y))})
			l.EndX, l.EndY, l.LabelY = x, y, y
		}
		l.Path = path.String()
		l.describe(s.Measure, s.Points)
		p.Lines = append(p.Lines, l)
	}
	spread(p.Lines, p.Top, p.Bottom)
	return p
}

// describe sets the text that says how much a line rises: in all, for each tenfold X, and for
// each one more, which shows a linear search.
func (l *line) describe(measure string, points []results.Point) {
	first, last := points[0], points[len(points)-1]
	l.First, l.Last = figure(first.Y), figure(last.Y)
	factor := cmp.Or(last.Ratio, last.Y/first.Y)
	l.Total = "× " + ratio(factor)
	tens := math.Log10(last.X / first.X)
	l.Slope = fmt.Sprintf("%+.1f %%", 100*(math.Pow(factor, 1/tens)-1))
	switch each := (last.Y - first.Y) / (last.X - first.X); measure {
	case "cpu_us":
		l.Each = fmt.Sprintf("%+.2f ns", 1000*each)
	case "rss_mib":
		l.Each = fmt.Sprintf("%+.2f KiB", 1024*each)
	default:
		l.Each = "–"
	}
}

// labelHeight is how far apart names must be.
const labelHeight = 13

// spread moves the names at the ends of the lines apart, upwards from bottom and, when
// they would leave the top, down again.
func spread(lines []line, top, bottom float64) {
	order := make([]*line, len(lines))
	for i := range lines {
		order[i] = &lines[i]
	}
	slices.SortStableFunc(order, func(a, b *line) int { return cmp.Compare(b.LabelY, a.LabelY) })
	for _, l := range order {
		l.LabelY = min(l.LabelY, bottom)
		bottom = l.LabelY - labelHeight
	}
	for _, l := range slices.Backward(order) {
		l.LabelY = max(l.LabelY, top)
		top = l.LabelY + labelHeight
	}
}
