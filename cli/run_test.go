//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// gatewayFile writes a configuration whose only route responds with body, or forwards to
// the backend when that is set.
func gatewayFile(t *testing.T, file, backend, body string) {
	t.Helper()
	route := fmt.Sprintf("respond: { status: 200, body: %q }", body)
	if backend != "" {
		route = fmt.Sprintf("upstream: \"http://%s\"", backend)
	}
	text := fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\"\nlog: { access: { file: %q } }\nroutes: [{ path: \"/*\", %s }]\n",
		filepath.Join(filepath.Dir(file), "access.log"), route)
	next := file + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}

// startGateway runs the command with a file of its own and returns where it serves.
func startGateway(t *testing.T, backend, body string) (p *process, file, url string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "config.yaml")
	gatewayFile(t, file, backend, body)
	p = launch(t, nil, "-config", file) // run is the default
	return p, file, "http://" + p.expect(`"msg":"serving".*"listen":"([^"]+)"`)
}

func TestRunServesUntilSIGTERM(t *testing.T) {
	p, _, url := startGateway(t, startOrigin(t, "a"), "")
	if status, body := fetch(t, url+"/json"); status != 200 || !strings.Contains(body, `"origin":"a"`) {
		t.Errorf("through the gateway: got %d %q", status, body)
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("after SIGTERM: got code %d, want 0\n%s", code, strings.Join(p.seen, "\n"))
	}
}

func TestReloadTakesAGoodFileAndRefusesABadOne(t *testing.T) {
	p, file, url := startGateway(t, "", "one")
	gatewayFile(t, file, "", "two")
	quiet, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	quiet = []byte(strings.Replace(string(quiet), "access: {", "access: { sample: 0%,", 1))
	if err := os.WriteFile(file, quiet, 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reloaded"`)
	if _, body := fetch(t, url); body != "two" {
		t.Errorf("after the reload: got %q, want two", body)
	}
	if err := os.WriteFile(file, []byte("routes: [{ path: \"/*\", upstrem: x }]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reload refused".*upstrem: unknown key`)
	if _, body := fetch(t, url); body != "two" {
		t.Errorf("after a refused reload: got %q, want two still", body)
	}
	p.signal(syscall.SIGINT)
	if code := p.end(); code != exitGood {
		t.Errorf("after SIGINT: got code %d, want 0", code)
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(file), "access.log"))
	if err != nil || len(log) != 0 {
		t.Errorf("access log at 0 %%: got %q, error %v; want nothing of the requests after the reload", log, err)
	}
}

func TestChangedFileIsReloadedUnasked(t *testing.T) {
	p, file, url := startGateway(t, "", "one")
	gatewayFile(t, file, "", "two")
	p.expect(`"msg":"reloaded","cause":"file"`)
	if _, body := fetch(t, url); body != "two" {
		t.Errorf("after the file changed: got %q, want two", body)
	}
}

func TestAccessLogIsReopened(t *testing.T) {
	p, file, url := startGateway(t, "", "one")
	log := filepath.Join(filepath.Dir(file), "access.log")
	fetch(t, url+"/before")
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGUSR1)
	p.expect(`"msg":"access log reopened"`)
	fetch(t, url+"/after")
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0", code)
	}
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(text), "/after") {
		t.Errorf("new file: got %q, error %v; want the request after the rotation", text, err)
	}
	old, err := os.ReadFile(log + ".1") // a line that was still queued goes into the new file
	if err != nil || strings.Count(string(old)+string(text), "/before") != 1 {
		t.Errorf("rotated file: got %q, error %v; want the request before in one of the two", old, err)
	}
}

func TestStartThatCannotBe(t *testing.T) {
	taken := occupied(t)
	listen := write(t, "c.yaml", strings.Replace(smallConfig, "listen: \"127.0.0.1:0\"", "listen: \""+taken+"\"", 1))
	log := write(t, "c.yaml", smallConfig+"log: { access: none/a.log }\n")
	admin := write(t, "c.yaml", strings.Replace(smallConfig, "admin: \"127.0.0.1:0\"", "admin: \""+taken+"\"", 1))
	for _, tc := range []struct {
		name string
		env  []string
		args []string
		code int
		want string
	}{
		{"the public address is taken", nil, []string{"run", "-config", listen}, exitFailed, taken},
		{"the admin address is taken", nil, []string{"run", "-config", admin}, exitFailed, `"msg":"start failed","part":"admin","error":"listen tcp ` + taken},
		{"the access log has no folder", nil, []string{"run", "-config", log}, exitFailed, `"msg":"start failed","part":"access log","error":"open `},
		{"no such file", nil, []string{"run", "-config", "none.yaml"}, exitUsage, `"msg":"configuration refused","problem":"none.yaml: no such file`},
		{"an origin's address is taken", []string{"ORIGIN_B=" + taken, "ORIGIN_A=" + free(t)}, []string{"demo"}, exitFailed, "ORIGIN_B"},
		{"the demo's public address is taken", demoEnv(t), []string{"demo", "-admin", "127.0.0.1:0", "-public", taken}, exitFailed, "-public ADDR"},
		{"the demo's admin address is taken", demoEnv(t), []string{"demo", "-public", "127.0.0.1:0", "-admin", taken}, exitFailed, "-admin ADDR"},
		{"an origin alone", nil, []string{"origin", "-listen", taken}, exitFailed, taken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := launch(t, tc.env, tc.args...)
			code := p.end()
			if text := strings.Join(p.seen, "\n"); code != tc.code || !strings.Contains(text, tc.want) {
				t.Errorf("got code %d and\n%s\nwant %d and %q in it", code, text, tc.code, tc.want)
			}
		})
	}
}

// demoEnv gives the demo's origins addresses that are free.
func demoEnv(t *testing.T) []string {
	t.Helper()
	return []string{"ORIGIN_A=" + free(t), "ORIGIN_B=" + free(t), "ORIGIN_C=" + free(t)}
}

func TestDemoServesThroughThreeOrigins(t *testing.T) {
	p := launch(t, demoEnv(t), "demo", "-public", "127.0.0.1:0", "-admin", "127.0.0.1:0")
	url := p.expect(`public +(http://[^/]+)/`)
	admin := p.expect(`admin +(http://[^/]+)/`)
	p.expect(`Ctrl-C ends it`)
	names := map[string]int{}
	for range 9 {
		_, body := fetch(t, url+"/json")
		for _, name := range []string{"a", "b", "c"} {
			if strings.Contains(body, `"origin":"`+name+`"`) {
				names[name]++
			}
		}
	}
	if names["a"] != 5 || names["b"] != 3 || names["c"] != 1 {
		t.Errorf("nine requests: got %v, want shares 5:3:1", names)
	}
	if status, body := fetch(t, admin+"/readyz"); status != 200 {
		t.Errorf("readyz: got %d %q", status, body)
	}
	if status, body := fetch(t, admin+"/api/upstreams"); status != 200 || strings.Count(body, `"state"`) != 3 {
		t.Errorf("upstreams: got %d %q, want three backends", status, body)
	}
	backends := admin + "/api/upstreams/origins/backends/"
	if status, body := change(t, backends+"127.0.0.1:1", `{"drain": true}`); status != 404 {
		t.Errorf("drain of a backend that is not there: got %d %q, want 404", status, body)
	}
	address := strings.TrimPrefix(p.cmd.Env[len(p.cmd.Env)-3], "ORIGIN_A=")
	if status, body := change(t, backends+address, `{"drain": true}`); status != 200 || !strings.Contains(body, "drained") {
		t.Errorf("drain of %s: got %d %q, want 200 and its state", address, status, body)
	}
	if _, body := fetch(t, admin+"/metrics"); !strings.Contains(body, "penstock_build_info") {
		t.Error("metrics: penstock_build_info is not there")
	}
	p.signal(syscall.SIGINT)
	if code := p.end(); code != exitGood {
		t.Errorf("after Ctrl-C: got code %d, want 0\n%s", code, strings.Join(p.seen, "\n"))
	}
}

// Libraries that log when a program begins would be in every command's output.
func TestACommandSaysNothingUnasked(t *testing.T) {
	p := launch(t, nil, "version")
	if code := p.end(); code != exitGood || len(p.seen) != 1 || !strings.HasPrefix(p.seen[0], "penstock ") {
		t.Errorf("got code %d and %q, want 0 and the version alone", code, p.seen)
	}
}

func TestOriginAlone(t *testing.T) {
	p := launch(t, nil, "origin", "-listen", "127.0.0.1:0", "-name", "solo")
	url := p.expect(`listens on (http://[^/]+)/`)
	if _, body := fetch(t, url+"/json"); !strings.Contains(body, `"origin":"solo"`) {
		t.Errorf("got %q, want its name", body)
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("after SIGTERM: got code %d, want 0", code)
	}
}
