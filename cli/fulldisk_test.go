//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limitFiles lets no file of this process grow beyond so many bytes: a write that
// would is an error, as on a full disk.
func limitFiles(bytes uint64) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		panic(err)
	}
}

// TestFullDiskUnderTheCache stores more than there is room to save. The gateway must report
// that in its log and its state, continue to serve, repeat the save, and end on a signal.
func TestFullDiskUnderTheCache(t *testing.T) {
	admin, dir := free(t), filepath.Join(t.TempDir(), "cache")
	file := write(t, "config.yaml", fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: { listen: %q }\nlog: { access: off }\n"+
		"cache: { memory: 64MiB, path: %q, save_every: 1s }\nroutes: [{ path: \"/*\", upstream: %q, cache: on }]\n", admin, dir, "http://"+startOrigin(t, "a")))
	p := launch(t, []string{"PENSTOCK_FILE_LIMIT=1048576"}, "run", "-config", file)
	url := "http://" + p.expect(`"msg":"serving".*"listen":"([^"]+)"`)
	if status, body := fetch(t, url+"/?size=4MiB&cache=max-age=3600"); status != 200 || len(body) != 4<<20 {
		t.Fatalf("got %d with %d bytes", status, len(body))
	}
	p.expect("the cache could not be saved.*" + syscall.EFBIG.Error())
	if _, state := fetch(t, "http://"+admin+"/api/cache"); !strings.Contains(state, `"save_error": "`) {
		t.Errorf("the state says nothing of the save that failed: %s", state)
	}
	p.expect("the cache could not be saved") // the next attempt
	if status, _ := fetch(t, url+"/?size=4MiB&cache=max-age=3600"); status != 200 {
		t.Errorf("after saves that failed: got %d, want 200", status)
	}
	began := time.Now()
	p.signal(os.Interrupt)
	if code := p.end(); code != exitFailed {
		t.Errorf("got exit code %d, want %d: the last save failed", code, exitFailed)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to end", took)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "snapshot-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
