package compare

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"penstock/loadtest/peers"
	"penstock/loadtest/results"
)

// Builds and settings of Penstock that take part in a scenario with features.
var (
	full = peers.Penstock().Name + "-full" // as it comes, with its access log
	bare = peers.Penstock().Name + "-bare" // without all that has a switch, and without metrics
)

// buildBare builds the Penstock that counts nothing, when a scenario is to compare with it.
func (k *kit) buildBare(ctx context.Context, chosen []scenario) error {
	if !slices.ContainsFunc(chosen, func(s scenario) bool { return s.features }) {
		return nil
	}
	k.bare = filepath.Join(k.dir, bare)
	return buildPenstock(ctx, k.bare, "-tags=penstock_nometrics")
}

// comparePairs adds what all features cost together, and what of it is the access log's.
func comparePairs(s *results.Scenario) {
	usual := peers.Penstock().Name
	s.Compare(full, bare)
	s.Compare(full, usual)
	s.Compare(usual, bare)
}

// printPairs writes how targets compare with one another.
func printPairs(out io.Writer, pairs []results.Pair) {
	for _, p := range pairs {
		fmt.Fprintf(out, "CPU of %s to %s: %.3f; half of %d rounds %.3f to %.3f, all %.2f to %.2f\n",
			p.Target, p.To, p.CPU.Median, p.CPU.Rounds, p.CPU.Low, p.CPU.High, p.CPU.Least, p.CPU.Most)
	}
}
