package options

import "testing"

func TestDidYouMean(t *testing.T) {
	known := []string{"retry", "timeouts", "host", "path", "web"}
	for _, tc := range []struct{ got, want string }{
		{"retires", "retry"},
		{"timeout", "timeouts"},
		{"tiemouts", "timeouts"},
		{"hots", "host"},
		{"Path", "path"},
		{"wbe", "web"},
		{"cache", ""},
		{"hosting", "host"},
		{"past", ""},
		{"post", "host"},
		{"moth", ""},
		{"best", ""},
		{"wen", "web"},
		{"of", ""},
		{"x", ""},
		{"", ""},
		{"completely", ""},
	} {
		if got := nearest(tc.got, known); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.got, got, tc.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"retires", "retry", 3}, {"", "abc", 3}, {"abc", "abc", 0}, {"ab", "ba", 1}, {"abc", "xyz", 3}, {"a", "abcdefgh", 7},
	} {
		if got, back := distance(tc.a, tc.b), distance(tc.b, tc.a); got != tc.want || back != tc.want {
			t.Errorf("%q %q: got %d and %d, want %d", tc.a, tc.b, got, back, tc.want)
		}
	}
}
