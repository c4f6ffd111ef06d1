package httpcache

import (
	"bytes"

	"penstock/headers"
)

// listed reports whether the list holds name; ASCII case does not matter.
func listed(name []byte, names [][]byte) bool {
	for _, n := range names {
		if headers.SameName(name, n) {
			return true
		}
	}
	return false
}

// variesOn reports whether a list of nominated names contains one of names.
func variesOn(nominated []byte, names [][]byte) bool {
	for name := range bytes.SplitSeq(nominated, []byte(",")) {
		if listed(name, names) {
			return true
		}
	}
	return false
}

// nominates reports whether a list of nominated names contains name in a spelling that a
// backend may read alike.
func nominates(nominated, name []byte) bool {
	for n := range bytes.SplitSeq(nominated, []byte(",")) {
		if headers.Folds(name, [][]byte{n}) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
