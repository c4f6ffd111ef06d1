//go:build unix

package cli

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/watch"
)

func TestReadinessGoesFirst(t *testing.T) {
	file := write(t, "c.yaml", smallConfig+"timeouts: { drain: { delay: 1h } }\n")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	answering := strings.Replace(string(text), "upstream: \"http://127.0.0.1:9\"", "respond: { status: 200, body: here }", 1)
	admin := free(t)
	answering = strings.Replace(answering, "admin: \"127.0.0.1:0\"", "admin: \""+admin+"\"", 1)
	if err := os.WriteFile(file, []byte(answering), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "run", "-config", file)
	url := "http://" + p.expect(`"msg":"serving".*"listen":"([^"]+)"`)
	if status, _ := fetch(t, "http://"+admin+"/readyz"); status != 200 {
		t.Errorf("serving: readyz got %d, want 200", status)
	}
	p.signal(syscall.SIGTERM)
	p.expect(`"msg":"not ready, still serving","delay":"[0-9a-z]+s"`)
	if status, _ := fetch(t, "http://"+admin+"/readyz"); status != 503 {
		t.Errorf("during the delay: readyz got %d, want 503", status)
	}
	if status, body := fetch(t, url); status != 200 || body != "here" {
		t.Errorf("during the delay: got %d %q, want an answer still", status, body)
	}
	if code := p.insist(syscall.SIGTERM); code != exitFailed {
		t.Errorf("a later signal during the delay: got code %d, want 1", code)
	}
}

// An edit and a signal, or a call of the API, are one reload: the watch on the file
// finds later that what has changed is in force.
func TestChangeThatASignalHasTakenIsNotReloadedAgain(t *testing.T) {
	p, file, url := startGateway(t, "", "one")
	gatewayFile(t, file, "", "two")
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reloaded","cause":"signal"`) // after that of the file if this process was very slow
	for began := time.Now(); time.Since(began) < 5*watch.DefaultDebounce; {
		if _, body := fetch(t, url); body != "two" {
			t.Fatalf("after the signal: got %q, want two", body)
		}
	}
	gatewayFile(t, file, "", "three")
	p.expect(`"msg":"reloaded","cause":"file"`)
	if _, body := fetch(t, url); body != "three" {
		t.Errorf("after one reload because of the file: got %q, want three", body)
	}
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reloaded","cause":"signal"`) // who asks for one gets it, changed or not
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0\n%s", code, strings.Join(p.seen, "\n"))
	}
}

func TestRenewedCertificateIsAReload(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	dir := t.TempDir()
	file, ca := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "ca.pem")
	gatewayFile(t, file, "", "one")
	p := launch(t, nil, "run", "-config", file)
	p.expect(`"msg":"serving"`)

	// A file that is named only by a later generation is watched from then on.
	if err := os.WriteFile(ca, roots, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secured := "upstreams: { s: { backends: [{ url: \"https://127.0.0.1:9\" }], tls: { ca: ./ca.pem } } }\n" +
		strings.Replace(string(text), "respond: { status: 200, body: \"one\" }", "upstream: s", 1)
	if err := os.WriteFile(file, []byte(secured), 0o600); err != nil {
		t.Fatal(err)
	}
	p.expect(`"msg":"reloaded","cause":"file","generation":2`)
	if err := os.WriteFile(ca, append(roots, "# renewed\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	p.expect(`"msg":"reloaded","cause":"file","generation":3`)
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0\n%s", code, strings.Join(p.seen, "\n"))
	}
}
