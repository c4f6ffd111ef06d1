package compare

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"penstock/loadtest/results"
)

// build is another Penstock that is measured beside the one of the module.
type build struct{ name, binary string }

// parseBuilds reads name=binary, separated by commas.
func parseBuilds(list string) ([]build, error) {
	var all []build
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		name, binary, ok := strings.Cut(word, "=")
		if _, err := os.Stat(binary); !ok || err != nil {
			return nil, fmt.Errorf("-also %q: want name=binary: %v", word, err)
		}
		all = append(all, build{name, binary})
	}
	return all, nil
}

// boundFor returns the bound of the verdict; zero when the builds for a verdict are missing.
// It returns an error when the build "same" is no copy of "before".
func boundFor(all []build, bound float64) (float64, error) {
	text := func(name string) ([]byte, error) {
		i := slices.IndexFunc(all, func(b build) bool { return b.name == name })
		if i < 0 {
			return nil, nil
		}
		return os.ReadFile(all[i].binary)
	}
	before, err := text(results.Before)
	if err != nil {
		return 0, err
	}
	same, err := text(results.Same)
	switch {
	case err != nil:
		return 0, err
	case before == nil || same == nil:
		return 0, nil
	case !bytes.Equal(before, same):
		return 0, fmt.Errorf("-also: %s is no copy of %s; the difference of two builds is no measure of the machine", results.Same, results.Before)
	}
	return bound, nil
}
