package metrics

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	vm "github.com/VictoriaMetrics/metrics"
)

// scrape is a parsed output: value by series as written, kind by family.
type scrape struct {
	t      *testing.T
	values map[string]float64
	kinds  map[string]string
	order  []string // series in the order of the output
}

// read writes r and parses our part of it, failing the test on anything that the
// text format forbids.
func read(t *testing.T, r *Registry) *scrape {
	t.Helper()
	var buf bytes.Buffer
	r.set.WritePrometheus(&buf)
	s := &scrape{t: t, values: map[string]float64{}, kinds: map[string]string{}}
	family := ""
	for line := range strings.Lines(buf.String()) {
		line = strings.TrimSuffix(line, "\n")
		if help, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, text, _ := strings.Cut(help, " ")
			if s.kinds[name] != "" || text == "" {
				t.Errorf("HELP repeated or empty: %q", line)
			}
			continue
		}
		if typed, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(typed, " ")
			s.kinds[name], family = kind, name
			continue
		}
		s.sample(line, family)
	}
	return s
}

func (s *scrape) sample(line, family string) {
	s.t.Helper()
	at := strings.LastIndexByte(line, ' ')
	series := line[:max(at, 0)]
	value, err := strconv.ParseFloat(line[at+1:], 64)
	if err != nil {
		s.t.Fatalf("sample %q: %v", line, err)
	}
	if err := vm.ValidateMetric(series); err != nil {
		s.t.Errorf("sample %q: %v", line, err)
	}
	name, _, _ := strings.Cut(series, "{")
	if s.kinds[family] == "histogram" {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
	}
	if name != family {
		s.t.Errorf("sample %q stands under family %q", line, family)
	}
	if _, dup := s.values[series]; dup {
		s.t.Errorf("series %q is written twice", series)
	}
	s.values[series] = value
	s.order = append(s.order, series)
}

// want fails the test unless series has the value.
func (s *scrape) want(series string, value float64) {
	s.t.Helper()
	got, ok := s.values[series]
	if !ok {
		s.t.Errorf("series %s is missing", series)
	} else if got != value {
		s.t.Errorf("%s: got %v, want %v", series, got, value)
	}
}

// absent fails the test when any series contains part.
func (s *scrape) absent(part string) {
	s.t.Helper()
	for series := range s.values {
		if strings.Contains(series, part) {
			s.t.Errorf("series %s should not be written", series)
		}
	}
}
