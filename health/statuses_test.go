package health

import "testing"

func TestStatuses(t *testing.T) {
	var s Statuses
	s.Add(100, 100)
	s.Add(404, 404)
	s.Add(598, 599)
	for code := range 700 {
		want := code == 100 || code == 404 || code == 598 || code == 599
		if s.Has(code) != want {
			t.Errorf("status %d: got %v, want %v", code, s.Has(code), want)
		}
	}
}
