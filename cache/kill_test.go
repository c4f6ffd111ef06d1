package cache

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// saveForever, set to a folder, makes TestKilledWhileSaving the process that is
// killed; purgeFrom is the first page that it purges.
const (
	saveForever = "PENSTOCK_CACHE_SAVE"
	purgeFrom   = "PENSTOCK_CACHE_PURGE"
)

// TestKilledWhileSaving kills a process that saves and purges over and over, at
// every stage of a save, and wants all that the first save held each time, bar
// what was purged: of that nothing, if the purge was acknowledged.
func TestKilledWhileSaving(t *testing.T) {
	if dir := os.Getenv(saveForever); dir != "" {
		saveAndPurge(t, dir)
	}
	rounds, pages := 3, 400
	if os.Getenv(bigRun) != "" {
		rounds, pages = 20*len(saveStages), 40_000
	}
	dir := filepath.Join(t.TempDir(), "cache")
	s := newStore(t, Options{})
	for i := range pages {
		s.Put(page(s, i), fillOf(s, ""), bodyOf(uint64(i), 10))
	}
	large := bodyOf(1, 3*segmentSize)
	s.Put(keyOf(s, "a.example", "/large"), fillOf(s, ""), large)
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	purged := 0
	for round := range rounds {
		stage := saveStages[round%len(saveStages)]
		purged = killAt(t, dir, stage.reached, purged)
		s := reload(t, dir, Loaded)
		wantBody(t, s, keyOf(s, "a.example", "/large"), large)
		for i := range pages {
			switch k := page(s, i); {
			case i < purged:
				wantOutcome(t, s, k, Purged)
			case i >= purged+2: // those between may be purged without a word
				wantBody(t, s, k, bodyOf(uint64(i), 10))
			}
		}
		s.journal.close()
		t.Logf("killed when %s, after %d purges", stage.name, purged)
	}
}

func page(s *Store, i int) Key { return keyOf(s, "a.example", "/page/"+strconv.Itoa(i)) }

// saveAndPurge saves over and over, with one purge before each save and one
// during it, and prints each purge when it is done. It never returns.
func saveAndPurge(t *testing.T, dir string) {
	s := newStore(t, Options{})
	if got, err := s.Load(dir); got != Loaded {
		t.Fatal(got, err)
	}
	next, _ := strconv.Atoi(os.Getenv(purgeFrom))
	purge := func() {
		if err := s.PurgeURL(page(s, next), false); err != nil {
			t.Error(err)
		}
		next++
		os.Stdout.WriteString(fmt.Sprintln("purged", next))
	}
	for {
		purge()
		during := make(chan struct{})
		go func() { purge(); close(during) }()
		if err := s.Save(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		<-during
	}
}

// saveStages are what can be seen of a save that is under way, in a folder whose
// manifest was this when the process began.
var saveStages = []struct {
	name    string
	reached func(dir, manifest string) bool
}{
	{"a ring was half written", func(dir, _ string) bool { return matches(dir, "snapshot-*/shard-0/data.0.bin") > 1 }},
	{"a manifest was begun", func(dir, _ string) bool { return matches(dir, manifestName+".new") > 0 }},
	{"the manifest was replaced", func(dir, was string) bool {
		now, err := os.ReadFile(filepath.Join(dir, manifestName))
		return err == nil && string(now) != was
	}},
	{"a snapshot was begun", func(dir, _ string) bool { return matches(dir, "snapshot-*") > 1 }},
	{"a ring was begun", func(dir, _ string) bool { return matches(dir, "snapshot-*/shard-*") > 1 }},
	{"the purges were written", func(dir, _ string) bool { return matches(dir, "snapshot-*/"+tablesName) > 1 }},
}

func matches(dir, pattern string) int {
	found, _ := filepath.Glob(filepath.Join(dir, pattern))
	return len(found)
}

// killAt lets a process save and purge until a stage is reached, kills it, and
// returns how many pages it says are purged.
func killAt(t *testing.T, dir string, reached func(dir, manifest string) bool, purged int) int {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileSaving$")
	cmd.Env = append(os.Environ(), saveForever+"="+dir, purgeFrom+"="+strconv.Itoa(purged))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Sscanf(lines.Text(), "purged %d", &purged)
		}
	}()
	for killed := false; !killed; {
		select {
		case <-ended:
			t.Error("the process that saves has ended by itself")
			killed = true
		default:
			killed = reached(dir, string(manifest))
		}
	}
	cmd.Process.Kill()
	<-ended
	cmd.Wait()
	return purged
}
