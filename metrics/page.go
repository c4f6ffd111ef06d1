package metrics

import (
	"strconv"
	"sync/atomic"
	"unicode/utf8"
)

// page holds the text format while it is written, with a bound on its series.
type page struct {
	buf     []byte
	limit   int // series that fit
	series  int // series written
	free    int // series left for histograms that were not written before
	omitted int // series that did not fit
}

// room reports whether n series more fit, and counts them as written or as omitted.
func (p *page) room(n int) bool {
	if p.series+n > p.limit {
		p.omitted += n
		return false
	}
	p.series += n
	return true
}

// open writes HELP and TYPE; all samples of f follow before the next open.
func (p *page) open(f family) {
	p.buf = append(p.buf, "# HELP "...)
	p.buf = append(p.buf, f.name...)
	p.buf = append(p.buf, ' ')
	p.buf = append(p.buf, f.help...)
	p.buf = append(p.buf, "\n# TYPE "...)
	p.buf = append(p.buf, f.name...)
	p.buf = append(p.buf, ' ')
	p.buf = append(p.buf, f.kind...)
	p.buf = append(p.buf, '\n')
}

// count writes a sample with a whole value; labels are names and values in turn.
func (p *page) count(f family, value uint64, labels ...string) {
	if !p.room(1) {
		return
	}
	p.name(f.name, "", labels)
	p.buf = strconv.AppendUint(p.buf, value, 10)
	p.buf = append(p.buf, '\n')
}

// level writes a sample of a gauge; labels as in count.
func (p *page) level(f family, value float64, labels ...string) {
	if !p.room(1) {
		return
	}
	p.name(f.name, "", labels)
	p.number(value)
	p.buf = append(p.buf, '\n')
}

// histogramSeries is how many series a histogram has: its buckets, sum and count.
const histogramSeries = len(bounds) + 1 + 2

// durations writes buckets, sum and count of a histogram that has an observation; labels
// as in count. written is set with the first time: histograms that were written go on
// being written, so that others take what is left.
func (p *page) durations(f family, t *total, written *atomic.Bool, labels ...string) {
	if t.observations() == 0 {
		return
	}
	if !written.Load() {
		if p.free < histogramSeries {
			p.omitted += histogramSeries
			return
		}
		p.free -= histogramSeries
		written.Store(true)
	}
	if !p.room(histogramSeries) {
		return
	}
	var sum uint64
	bucket := append(labels[:len(labels):len(labels)], "le", "")
	for i, n := range t.buckets {
		sum += n
		bucket[len(bucket)-1] = "+Inf"
		if i < len(bounds) {
			bucket[len(bucket)-1] = strconv.FormatFloat(float64(bounds[i])/1e6, 'f', -1, 64)
		}
		p.name(f.name, "_bucket", bucket)
		p.buf = strconv.AppendUint(p.buf, sum, 10)
		p.buf = append(p.buf, '\n')
	}
	p.name(f.name, "_sum", labels)
	p.number(float64(t.micros) / 1e6)
	p.buf = append(p.buf, '\n')
	p.name(f.name, "_count", labels)
	p.buf = strconv.AppendUint(p.buf, sum, 10)
	p.buf = append(p.buf, '\n')
}

// name writes the name of a series with its labels and the space before the value.
func (p *page) name(name, suffix string, labels []string) {
	p.buf = append(append(p.buf, name...), suffix...)
	for i := 0; i+1 < len(labels); i += 2 {
		if i == 0 {
			p.buf = append(p.buf, '{')
		} else {
			p.buf = append(p.buf, ',')
		}
		p.buf = append(append(p.buf, labels[i]...), '=', '"')
		p.buf = appendLabel(p.buf, labels[i+1])
		p.buf = append(p.buf, '"')
	}
	if len(labels) > 0 {
		p.buf = append(p.buf, '}')
	}
	p.buf = append(p.buf, ' ')
}

func (p *page) number(v float64) { p.buf = strconv.AppendFloat(p.buf, v, 'f', -1, 64) }

// appendLabel appends a label value: backslash, quote and newline are escaped, other
// control characters and invalid UTF-8 become U+FFFD, because some readers reject them.
func appendLabel(dst []byte, value string) []byte {
	for _, r := range value {
		switch {
		case r == '\\' || r == '"':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r < ' ' || r == 0x7f:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
