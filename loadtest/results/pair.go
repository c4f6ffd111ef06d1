package results

import "slices"

// Pair is how two targets of a scenario compare with one another instead of with Base.
type Pair struct {
	Target string `json:"target"`
	To     string `json:"to"`
	CPU    Spread `json:"cpu"` // processor time a request, Target's divided by that of To
}

// Spread is what the ratios within the rounds say together. The zero value is none.
type Spread struct {
	Rounds int     `json:"rounds"` // in which both were measured
	Median float64 `json:"median"`
	Low    float64 `json:"low"` // from Low to High lies the middle half of the rounds
	High   float64 `json:"high"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// Compare appends to s.Pairs how two targets, by their names, compare. It appends nothing when they
// have no round in common with a processor time of both, also because one is not in s.
func (s *Scenario) Compare(target, to string) {
	ratios := quotients(s.rounds(target), s.rounds(to), "cpu_us")
	if len(ratios) == 0 {
		return
	}
	slices.Sort(ratios)
	last := len(ratios) - 1
	s.Pairs = append(s.Pairs, Pair{target, to, Spread{
		Rounds: len(ratios), Median: Median(ratios), Low: ratios[last/4], High: ratios[last-last/4],
		Least: ratios[0], Most: ratios[last],
	}})
}

// rounds are those of a target, none of one that is not there.
func (s *Scenario) rounds(target string) []Figures {
	for _, t := range s.Targets {
		if t.Name == target {
			return t.Rounds
		}
	}
	return nil
}

// quotients are the ratios of a figure to that of base in the same round, of the rounds
// that have both.
func quotients(rounds, base []Figures, measure string) []float64 {
	var all []float64
	for n := range min(len(base), len(rounds)) {
		if v, b := rounds[n].Of(measure), base[n].Of(measure); v > 0 && b > 0 {
			all = append(all, v/b)
		}
	}
	return all
}
