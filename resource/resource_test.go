package resource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// thing is a resource that counts what is done with it.
type thing struct {
	name              string
	retired, shutdown int
	fails             error
}

func (t *thing) Retire() { t.retired++ }

func (t *thing) Shutdown(context.Context) error {
	t.shutdown++
	return t.fails
}

// claim is Claim of a thing that notes what was built.
func claim(t *testing.T, g *Generation, kind string, options any, built *int) *thing {
	t.Helper()
	v, err := Claim(g, kind, options, func() (*thing, error) {
		if built != nil {
			*built++
		}
		return &thing{name: fmt.Sprint(kind, options)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// want fails unless so much was done with v.
func want(t *testing.T, v *thing, retired, shutdown int) {
	t.Helper()
	if v.retired != retired || v.shutdown != shutdown {
		t.Errorf("%s: retired %d times and shut down %d times, want %d and %d", v.name, v.retired, v.shutdown, retired, shutdown)
	}
}

func release(t *testing.T, g *Generation) {
	t.Helper()
	if err := g.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

type options struct {
	name string
	max  int
}

// TestSameKindAndOptionsSurviveReloads replaces the generation 100 times; of each kind
// one resource stays as it is and one has other options each time.
func TestSameKindAndOptionsSurviveReloads(t *testing.T) {
	var k Keeper
	kinds := []string{"clusters", "limits", "keys"}
	stays, changed, built := map[string]*thing{}, map[string][]*thing{}, 0
	var current *Generation
	for n := range 100 {
		next := k.Begin()
		for _, kind := range kinds {
			v := claim(t, next, kind, options{"stays", 1}, &built)
			if n == 0 {
				stays[kind] = v
			} else if v != stays[kind] {
				t.Fatalf("reload %d: %s is another instance", n, kind)
			}
			changed[kind] = append(changed[kind], claim(t, next, kind, options{"changes", n}, &built))
		}
		if current != nil {
			current.Retire()
			release(t, current)
		}
		current = next
	}
	if built != len(kinds)*101 {
		t.Errorf("%d were built, want %d", built, len(kinds)*101)
	}
	for _, kind := range kinds {
		want(t, stays[kind], 0, 0)
		for n, v := range changed[kind] {
			if n < 99 {
				want(t, v, 1, 1)
			} else {
				want(t, v, 0, 0)
			}
		}
	}
	release(t, current)
	for _, kind := range kinds {
		want(t, stays[kind], 1, 1)
	}
	if len(k.held) != 0 {
		t.Errorf("%d are held after the last generation", len(k.held))
	}
}

func TestAResourceIsShutDownWhenItsLastUsersAreGone(t *testing.T) {
	var k Keeper
	first, second := k.Begin(), k.Begin()
	v := claim(t, first, "a", 1, nil)
	claim(t, second, "a", 1, nil)
	first.Retire()
	want(t, v, 0, 0) // the second claims it
	second.Retire()
	want(t, v, 1, 0)
	release(t, second)
	want(t, v, 1, 0) // requests of the first still use it
	release(t, first)
	want(t, v, 1, 1)
}

// A retired resource has stopped, so a later claim of the same gets a new one.
func TestARetiredResourceIsNotFoundAgain(t *testing.T) {
	var k Keeper
	first := k.Begin()
	old := claim(t, first, "a", 1, nil)
	first.Retire()
	second := k.Begin()
	if v := claim(t, second, "a", 1, nil); v == old {
		t.Error("got the retired one")
	} else {
		release(t, first)
		want(t, old, 1, 1)
		want(t, v, 0, 0)
	}
	release(t, second)
}

func TestAFailedGenerationIsUndone(t *testing.T) {
	var k Keeper
	running := k.Begin()
	shared := claim(t, running, "a", 1, nil)
	failed := k.Begin()
	claim(t, failed, "a", 1, nil)
	claim(t, failed, "a", 1, nil) // twice counts once
	fresh := claim(t, failed, "a", 2, nil)
	boom := errors.New("boom")
	if _, err := Claim(failed, "a", 3, func() (*thing, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Errorf("got %v, want the error of build", err)
	}
	release(t, failed)
	release(t, failed)
	failed.Retire()
	want(t, shared, 0, 0)
	want(t, fresh, 1, 1)
	release(t, running)
	want(t, shared, 1, 1)
}

func TestErrorsOfShutdownAreReported(t *testing.T) {
	var k Keeper
	g := k.Begin()
	one, two := errors.New("one"), errors.New("two")
	claim(t, g, "a", 1, nil).fails = one
	claim(t, g, "a", 2, nil).fails = two
	if err := g.Release(t.Context()); !errors.Is(err, one) || !errors.Is(err, two) {
		t.Errorf("got %v, want both errors", err)
	}
}

func TestAPlainValueIsShared(t *testing.T) {
	var k Keeper
	var got []*int
	var generations []*Generation
	for range 2 {
		g := k.Begin()
		p, err := Claim(g, "table", "t", func() (Plain[*int], error) { return Plain[*int]{new(int)}, nil })
		if err != nil {
			t.Fatal(err)
		}
		got, generations = append(got, p.Value), append(generations, g)
	}
	if got[0] != got[1] {
		t.Error("two generations have two values")
	}
	for _, g := range slices.Backward(generations) {
		release(t, g)
	}
}
