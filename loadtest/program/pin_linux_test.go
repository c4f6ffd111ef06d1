package program

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// allowed returns what the kernel says of the processors of a program of ours.
func allowed(t *testing.T, cpus []int) string {
	t.Helper()
	c, err := Start(Options{Binary: "/bin/grep", Args: []string{"Cpus_allowed_list", "/proc/self/status"}, CPUs: cpus})
	if err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	_, list, found := strings.Cut(c.Output(), ":")
	if c.Err() != nil || !found {
		t.Fatalf("%v: %s", c.Err(), c.Output())
	}
	return strings.TrimSpace(list)
}

func TestProgramRunsOnItsProcessors(t *testing.T) {
	all, err := CPUs()
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if len(all) < 2 {
		t.Skip("one processor")
	}
	before := allowed(t, nil)
	if got, want := allowed(t, all[1:2]), strconv.Itoa(all[1]); got != want || before == want {
		t.Errorf("a program for processor %s may use %s, another %s", want, got, before)
	}
	runtime.LockOSThread() // the thread that has just started one
	defer runtime.UnlockOSThread()
	if got := allowed(t, nil); got != before {
		t.Errorf("afterwards programs may use %s, want %s", got, before)
	}
	if c, err := Start(Options{Binary: "/bin/true", CPUs: []int{1000}}); err == nil {
		_ = c.End(0)
		t.Error("a processor that is not there was accepted")
	}
}

// TestConfinedIsWhoStartsOthers: the test's own process is confined, so all that the
// kernel allows is put back.
func TestConfinedIsWhoStartsOthers(t *testing.T) {
	all, err := CPUs()
	if err != nil || len(all) < 2 {
		t.Skipf("%v, %v", all, err)
	}
	if err := Confine(all[:1]); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := Confine(all); err != nil {
			t.Error(err)
		}
	}()
	for range 20 { // whichever thread starts it
		if got := allowed(t, nil); got != strconv.Itoa(all[0]) {
			t.Fatalf("a program may use %s, want %d", got, all[0])
		}
	}
	if got := allowed(t, all[1:2]); got != strconv.Itoa(all[1]) {
		t.Errorf("a program for processor %d may use %s", all[1], got)
	}
}
