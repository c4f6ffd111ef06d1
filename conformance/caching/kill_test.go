package caching_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/metrics"
)

// childConfig names the variable that turns this test's process into a gateway.
const childConfig = "PENSTOCK_CACHING_CHILD"

// TestGatewayOfItsOwn is not a test but the process that TestRestartAfterKill kills.
func TestGatewayOfItsOwn(t *testing.T) {
	yaml := os.Getenv(childConfig)
	if yaml == "" {
		t.Skip("it runs only as a process of TestRestartAfterKill")
	}
	g, err := gateway.New(gateway.Options{Config: gatewaytest.Parse(t, yaml), Metrics: metrics.New(metrics.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("listening " + g.Addrs()[0].String() + "\n")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // it ends by being killed
}

// TestRestartAfterKill kills a gateway again and again while it saves its store, and
// wants each next one to start, with nothing wrong and nothing purged in it.
func TestRestartAfterKill(t *testing.T) {
	h, folder := newHeld(t), t.TempDir()
	h.clock.Advance(time.Since(h.clock.Now())) // the processes live by the real clock
	go func() {
		for q := range h.asked {
			h.respond(q, "the body of "+q.RequestURI+" "+body(30000), fresh)
		}
	}()
	t.Cleanup(func() { close(h.asked) })
	yaml := "cache: { memory: 32MiB, admission: off, path: \"" + strings.ReplaceAll(folder, "\\", "/") + "\", save_every: 1ms, purge_from: [127.0.0.1] }\n" +
		"upstreams:\n  web: { backends: \"" + h.URL + "\", eject: off }\nroutes:\n  - { path: \"/*\", upstream: web, cache: on }\n"
	warm := 0
	for round := range 5 {
		address, kill := child(t, yaml)
		for i := range 40 {
			target := "/" + strconv.Itoa(i)
			a := gatewaytest.Get(t, address, target)
			if want := "the body of " + target + " " + body(30000); a.StatusCode != 200 || a.Text != want {
				t.Fatalf("round %d: %s: got %d, %d bytes %.40q", round, target, a.StatusCode, len(a.Text), a.Text)
			}
			hit := strings.Contains(a.Header.Get("Cache-Status"), "; hit")
			if hit {
				warm++
			}
			if hit && i%2 == 1 {
				t.Errorf("round %d: %s was purged before the gateway was killed, and is there again", round, target)
			}
		}
		for i := 1; i < 40; i += 2 {
			c := gatewaytest.Dial(t, address)
			c.Send("PURGE /" + strconv.Itoa(i) + " HTTP/1.1\r\nHost: a.example\r\n\r\n")
			if a := c.Read("PURGE"); a.StatusCode != 204 {
				t.Fatalf("PURGE: got %d", a.StatusCode)
			}
		}
		kill()
	}
	if warm == 0 {
		t.Error("not one answer came from what a killed gateway had saved")
	}
}

// child starts this test's program as a gateway.
func child(t *testing.T, yaml string) (address string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestGatewayOfItsOwn$")
	cmd.Env = append(os.Environ(), childConfig+"="+yaml)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			return address, kill
		}
	}
	t.Fatal("the gateway did not start")
	return "", nil
}
