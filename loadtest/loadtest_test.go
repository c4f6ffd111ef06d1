package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"penstock/loadtest/driver"
	"penstock/origin/scripted"
)

func TestContentDependsOnItsNumberAlone(t *testing.T) {
	whole, err := io.ReadAll(&content{number: 7, size: 1001})
	if err != nil || len(whole) != 1001 {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	pieces, _ := io.ReadAll(iotest.OneByteReader(&content{number: 7, size: 1001}))
	other, _ := io.ReadAll(&content{number: 8, size: 1001})
	if !bytes.Equal(whole, pieces) || bytes.Equal(whole, other) {
		t.Error("content depends on how it is read, or not on its number")
	}
}

// between relays one request of each connection to the backend and lets spoil change the
// response.
func between(t *testing.T, backend string, spoil func(response []byte) []byte) string {
	t.Helper()
	relay, err := scripted.Start(scripted.Options{Script: func(p *scripted.Peer) {
		b, err := net.Dial("tcp", backend)
		if err != nil {
			return
		}
		defer b.Close()
		go func() { _, _ = io.Copy(b, p.In) }()
		response := make([]byte, 64<<10)
		n, _ := io.ReadAtLeast(b, response, len("HTTP/1.1 200 OK\r\n\r\n"))
		_, _ = p.Write(spoil(response[:n]))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	return relay.Address
}

func TestSoakSeesWhatAGatewayDoesWrong(t *testing.T) {
	tally := new(tally)
	backend := &soakBackend{violation: tally.violation}
	address, err := backend.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.stop)
	for name, tc := range map[string]struct {
		plan  plan
		spoil func([]byte) []byte
		good  bool
	}{
		"nothing": {plan{size: 50, upload: 9}, bytes.Clone, true},
		"a byte of the body": {plan{size: 50}, func(a []byte) []byte {
			a[len(a)-1] ^= 1
			return a
		}, false},
		"another's response": {plan{size: 50}, func(a []byte) []byte {
			return bytes.Replace(a, []byte(numberField+": 9"), []byte(numberField+": 8"), 1)
		}, false},
		"a cut that looks complete": {plan{size: 50, originCut: "10"}, func([]byte) []byte {
			return []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}, false},
		"no response": {plan{size: 50}, func([]byte) []byte { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			tc.plan.number, tc.plan.clientSends, tc.plan.clientReads = 9, -1, -1
			c := &soakClient{address: between(t, address, tc.spoil), tally: tally}
			_, err := c.exchange(tc.plan)
			c.close(false)
			if (err == nil) != tc.good {
				t.Errorf("got %v", err)
			}
		})
	}
	if tally.count != 0 || tally.verdict() != nil {
		t.Errorf("violations that nobody committed: %v", tally.violations)
	}
}

func TestSoakBackendChecksUploads(t *testing.T) {
	tally := new(tally)
	backend := &soakBackend{violation: tally.violation}
	address, err := backend.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.stop)
	request, err := http.NewRequest("POST", "http://"+address+"/9", strings.NewReader("not that"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(numberField, "9")
	request.Header.Set(checksumField, "00000000-8")
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if tally.count != 1 || tally.verdict() == nil {
		t.Errorf("violations: %v", tally.violations)
	}
}

func TestWhatIsLeftBehindIsTold(t *testing.T) {
	start := state{goroutines: 20, files: 14, heap: 2 << 20, resident: 20 << 20}
	if left := start.beyond(start); len(left) > 0 {
		t.Errorf("the start itself: %v", left)
	}
	end := state{goroutines: 40, files: 20, active: 1, heap: 20 << 20, held: 30 << 20, resident: 200 << 20}
	if left := end.beyond(start); len(left) != 6 {
		t.Errorf("got %v", left)
	}
	start.race = true // then resident memory is the detector's, Go's own still counts
	if left := end.beyond(start); len(left) != 5 || strings.Contains(strings.Join(left, " "), "resident") {
		t.Errorf("with the race detector: got %v", left)
	}
}

func TestSlowJudges(t *testing.T) {
	s := slowness{header: 10 * time.Second, noise: time.Second, stolen: 0.03}
	requests := func(failed int64, took ...time.Duration) normals {
		r := &driver.Report{Arrivals: int64(len(took)) + failed}
		for _, d := range took {
			r.Good.Record(d)
		}
		return normals{r, 0.03}
	}
	const ms = time.Millisecond
	cut := dripReport{Cut: 5, Shortest: 9990, Longest: 10_200, Oldest: 9000}
	drips := []dripReport{cut}
	noisy := func(took time.Duration) normals {
		n := requests(0, took)
		n.stolen = 0.04
		return n
	}
	without := []normals{noisy(9 * ms), requests(0, 2*ms), requests(0, 1*ms), requests(0, 5*ms)}
	good := measured{without, []normals{requests(0, 3*ms), noisy(ms), requests(0, 6*ms), requests(0, 4*ms)}, drips}
	var out strings.Builder
	if err := s.judge(good, &out); err != nil || !strings.Contains(out.String(), " 2.00 times as long beside slow connections, 6.00 times in the worst case; 3 of 4 measurements without and 3 of 4") {
		t.Errorf("%v, %s", err, out.String())
	}
	for name, m := range map[string]measured{
		"p99":            {without, []normals{requests(0, 5*ms)}, drips},
		"noise":          {without, []normals{noisy(ms)}, drips},
		"failures":       {without, []normals{requests(1, ms)}, drips},
		"other failures": {append(without, requests(1, ms)), good.beside, drips},
		"too late":       {without, good.beside, []dripReport{cut, {Cut: 5, Shortest: 9990, Longest: 12_000}}},
		"too early":      {without, good.beside, []dripReport{cut, {Cut: 5, Shortest: 90, Longest: 10_000}}},
		"never":          {without, good.beside, []dripReport{cut, {Oldest: 9000}}},
		"still open":     {without, good.beside, []dripReport{cut, {Cut: 5, Shortest: 9990, Longest: 10_000, Oldest: 30_000}}},
	} {
		if s.judge(m, io.Discard) == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestStolenTimeIsAShareOfAllProcessors(t *testing.T) {
	before := parseProcessorTimes("cpu  100 10 50 800 5 0 20 15 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
	after := parseProcessorTimes("cpu  140 10 80 900 5 0 30 35 40 0\n")
	if got := after.stolenSince(before); got != 0.1 {
		t.Errorf("got %v, want 20 of 200 ticks", got)
	}
	if got := before.stolenSince(before) + parseProcessorTimes("").stolenSince(before); got != 0 {
		t.Errorf("nothing measured: got %v", got)
	}
}
