package cache

import "testing"

func TestTheSketchCountsAndForgets(t *testing.T) {
	s, random := newSketch(1<<20), seeded(1)
	hot, warm, cold := random(), random(), random()
	for range 20 {
		s.touch(hot)
	}
	s.touch(warm)
	s.touch(warm)
	s.touch(cold)
	if s.estimate(hot) < 10 || !s.admits(warm, 0) || s.admits(cold, 0) || s.admits(random(), 0) {
		t.Errorf("hot %d, warm %d, cold %d", s.estimate(hot), s.estimate(warm), s.estimate(cold))
	}
	for range uint64(len(s.blocks)) / ageStep * s.period * 6 {
		s.touch(random())
	}
	var floor uint64
	for range 1000 {
		floor += s.estimate(random())
	}
	if floor > 500 {
		t.Errorf("a key that never came counts %d thousandths, want less than 500", floor)
	}
	if s.estimate(hot) > 6 {
		t.Errorf("after six ages: got %d", s.estimate(hot))
	}
}
