package options

import "strings"

// nearest returns the name in names closest to got, or "" when none is close: one edit
// in a word of up to 5 characters, 2 in one of 6, 3 in a longer one, and as many at the
// end of any word, if at least half of it is right.
func nearest(got string, names []string) string {
	best, name := min(3, len(got)/2)+1, ""
	for _, n := range names {
		d := distance(got, n)
		if d < best && (d <= max(1, len(got)-4) || strings.HasPrefix(n, got) || strings.HasPrefix(got, n)) {
			best, name = d, n
		}
	}
	return name
}

// DidYouMean returns ` (did you mean "x"?)` with the first of the names closest to got, or "" when
// none is close: up to 3 edits in a long word, 1 in a short one. Case counts.
func DidYouMean(got string, names []string) string {
	if n := nearest(got, names); n != "" {
		return ` (did you mean "` + n + `"?)`
	}
	return ""
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbouring bytes that turn a into b. Lengths more than 3 apart return their
// difference unexamined.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return max(d, -d)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
