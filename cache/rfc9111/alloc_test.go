//go:build !race

package rfc9111

import "testing"

// The race detector allocates, so this file is built without it.

func TestHitAllocatesNothing(t *testing.T) {
	step := hit(t)
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("a hit: got %v allocations, want 0", n)
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	step := fill(t)
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("reading, judging and keeping a response: got %v allocations, want 0", n)
	}
}

func TestValidationAllocatesNothing(t *testing.T) {
	stored, update := section(`ETag: "a" ~ Cache-Control: max-age=1 ~ A: b`), section(`ETag: "a" ~ Cache-Control: max-age=9`)
	buffer := make([]byte, 0, 512)
	n := testing.AllocsPerRun(1000, func() {
		buffer = AppendValidators(buffer[:0], stored)
		if !SelectedBy(stored, update) || HeadUpdate(200, update, stored, 5) != HeadFreshens {
			t.Error("the update is of the stored response")
		}
		buffer = AppendFreshened(buffer[:0], stored, update)
	})
	if n != 0 {
		t.Errorf("validation: got %v allocations, want 0", n)
	}
}
