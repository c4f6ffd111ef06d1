package report

import (
	"fmt"
	"math"
	"slices"

	"penstock/loadtest/results"
)

// Measures of a card, in the units of its drawing.
const (
	cardWidth  = 980
	nameWidth  = 128
	panelPitch = 286
	barArea    = 165
	rowHeight  = 24
	headHeight = 40
	barHeight  = 12
)

// barCard is one scenario as bars, a row for each target.
type barCard struct {
	Name, About, Load string
	Width, Height     float64
	Rows              []barRow
	Panels            []panel
}

// barRow is the name in front of the bars of a target.
type barRow struct {
	Target string
	Errors float64
	Y      float64 // its middle
}

// panel is one figure of all targets.
type panel struct {
	Title, Hint string
	X, Width    float64
	Top, Bottom float64
	Ticks       []tick
	Zero        float64 // where bars begin
	Bars        []bar
}

// tick is a line of the grid with its label.
type tick struct {
	X, Y float64
	Text string
}

// bar is one target's figure. Low and High are the least and the greatest of the
// rounds; equal ones are not drawn.
type bar struct {
	Target           string
	X, Y, W, H       float64
	Low, High, Mid   float64
	Break            float64 // where a bar is broken that would be longer; 0 is nowhere
	TextX            float64
	Value, Also, Tip string
}

// ratioScale is logarithmic, so that half and double are as far from 1.
type ratioScale struct{ x, width float64 }

const octaves = 2 // to either side of 1; what lies beyond ends there

func (s ratioScale) at(v float64) float64 {
	o := max(-octaves, min(octaves, math.Log2(v)))
	return s.x + s.width*(o+octaves)/(2*octaves)
}

// measure is one panel's figure.
type measure struct {
	title, hint, unit string
	of                func(figures) float64
	ratio             func(results.Ratio) float64
}

func measures() []measure {
	return []measure{
		{"requests a second", "more is better →", "/s", rps, func(r results.Ratio) float64 { return r.RPS }},
		{"CPU time a request", "← less is better", " µs", cpu, func(r results.Ratio) float64 { return r.CPU }},
		{"p99 latency", "← less is better", " ms", p99, func(r results.Ratio) float64 { return r.P99 }},
	}
}

// ratioBars draws a scenario as ratios to the base.
func ratioBars(s results.Scenario) barCard {
	c := newCard(s)
	base := roundsIn(s, results.Base)
	for i, m := range measures() {
		scale := ratioScale{nameWidth + float64(i)*panelPitch, barArea}
		p := panel{Title: m.title, Hint: m.hint, X: scale.x, Width: barArea, Top: headHeight, Bottom: c.Height, Zero: scale.at(1)}
		for _, t := range []struct {
			v    float64
			text string
		}{{0.25, "¼"}, {0.5, "½"}, {1, "1"}, {2, "2"}, {4, "4"}} {
			p.Ticks = append(p.Ticks, tick{scale.at(t.v), headHeight - 4, t.text})
		}
		for row, t := range s.Targets {
			b := bar{Target: t.Name, Y: c.Rows[row].Y - barHeight/2, H: barHeight, Mid: c.Rows[row].Y, TextX: scale.x + barArea + 8}
			value, v := m.of(t.Figures), m.ratio(t.Ratio)
			b.Also, b.Value = figure(value)+m.unit, ratio(v)
			b.Tip = fmt.Sprintf("%s, %s: %s, %s times %s", t.Name, m.title, b.Also, b.Value, results.Base)
			if v > 0 {
				b.X, b.W = stretch(scale.at(v), scale.at(1))
				if o := math.Log2(v); math.Abs(o) > octaves {
					b.Break = scale.at(v) - math.Copysign(9, o)
				}
				rounds := quotients(t.Rounds, base, m.of)
				if t.Name != results.Base && len(rounds) > 1 {
					b.Low, b.High = scale.at(slices.Min(rounds)), scale.at(slices.Max(rounds))
					b.Tip += "; rounds " + span(rounds)
				}
			}
			if value == 0 {
				b.Also, b.Value = "", "–"
			}
			p.Bars = append(p.Bars, b)
		}
		c.Panels = append(c.Panels, p)
	}
	return c
}

// newCard lays out the rows.
func newCard(s results.Scenario) barCard {
	c := barCard{Name: s.Name, About: s.About, Load: s.Load, Width: cardWidth}
	for i, t := range s.Targets {
		c.Rows = append(c.Rows, barRow{t.Name, t.Errors, headHeight + rowHeight*(float64(i)+0.5)})
	}
	c.Height = headHeight + rowHeight*float64(len(s.Targets))
	return c
}

// stretch is the bar between two places.
func stretch(a, b float64) (x, width float64) { return min(a, b), math.Abs(a - b) }

// idleBars draws the memory of an idle connection.
func idleBars(s results.Scenario) barCard {
	c := newCard(s)
	const width = 2 * panelPitch
	most := 0.0
	for _, t := range s.Targets {
		most = max(most, t.PerIdle)
	}
	top, step := nice(most)
	at := func(v float64) float64 { return nameWidth + width*max(v, 0)/top }
	p := panel{Title: "resident memory a connection", Hint: "← less is better", X: nameWidth, Width: width, Top: headHeight, Bottom: c.Height, Zero: nameWidth}
	for i := range int(math.Round(top/step)) + 1 {
		v := float64(i) * step
		p.Ticks = append(p.Ticks, tick{at(v), headHeight - 4, fmt.Sprintf("%g", v)})
	}
	for row, t := range s.Targets {
		b := bar{Target: t.Name, Y: c.Rows[row].Y - barHeight/2, H: barHeight, Mid: c.Rows[row].Y, TextX: nameWidth + width + 8}
		b.X, b.W = stretch(at(t.PerIdle), nameWidth)
		b.Value, b.Also = figure(t.PerIdle), "KiB, "+figure(t.RSS)+" MiB in all"
		b.Tip = fmt.Sprintf("%s: %s KiB a connection, %s MiB in all", t.Name, b.Value, figure(t.RSS))
		p.Bars = append(p.Bars, b)
	}
	c.Panels = []panel{p}
	return c
}

// nice returns a round number that is at least most, and a step that divides it into
// two to five parts.
func nice(most float64) (top, step float64) {
	if !(most > 0) {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{0.2, 0.5, 1, 2, 5} {
		if most <= 5*part*step {
			step *= part
			break
		}
	}
	return step * math.Ceil(most/step-1e-9), step
}
