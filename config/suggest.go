package config

// nearest returns the name in names closest to got, or "" when none is close:
// at most 3 single-character edits, and fewer than half of got.
func nearest(got string, names []string) string {
	best, name := min(3, len(got)/2)+1, ""
	for _, n := range names {
		if d := distance(got, n); d < best {
			best, name = d, n
		}
	}
	return name
}

// didYouMean returns ` (did you mean "x"?)`, or "" when nothing in names is close to got.
func didYouMean(got string, names []string) string {
	if n := nearest(got, names); n != "" {
		return ` (did you mean "` + n + `"?)`
	}
	return ""
}

// distance counts the insertions, deletions and replacements of bytes that turn
// a into b. Lengths more than 3 apart return their difference unexamined.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return max(d, -d)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
