//go:build unix

package cli

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// startAdmin runs a gateway and returns a configuration with the address of its
// admin listener, which is not on loopback: reading needs the token there.
func startAdmin(t *testing.T, token string) (file, address string) {
	t.Helper()
	_, port, _ := strings.Cut(free(t), ":")
	file = write(t, "config.yaml", "listen: \"127.0.0.1:0\"\nadmin: { listen: \"0.0.0.0:"+port+"\", token: \""+token+"\" }\n"+
		"log: { access: off }\nroutes: [{ path: \"/*\", respond: { status: 200 } }]\n")
	launch(t, nil, "run", "-config", file).expect(`"msg":"serving"`)
	return file, "127.0.0.1:" + port
}

func TestProfilesBecomeFiles(t *testing.T) {
	file, address := startAdmin(t, "a-long-secret")
	folder := filepath.Join(t.TempDir(), "made", "here")
	got := invoke("profile", "-config", file, "-out", folder, "-seconds", "1")
	if got.code != exitGood {
		t.Fatalf("got code %d and %q, want 0", got.code, got.stderr)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 5 || strings.Count(got.stdout, "\n") != 5 {
		t.Errorf("got files %v, %v, and %q; want five", files, err, got.stdout)
	}
	for _, kind := range strings.Split(usualKinds, ",") {
		name := regexp.MustCompile(`(?m)^(.*penstock-\d{8}-\d{6}-` + kind + `\.pprof)\t\d+ bytes$`).FindStringSubmatch(got.stdout)
		if name == nil {
			t.Errorf("no file for %s in %q", kind, got.stdout)
			continue
		}
		if n := unpacked(t, name[1]); n == 0 {
			t.Errorf("%s: an empty profile", kind)
		}
	}

	without := invoke("profile", "-admin", address, "-out", folder, "-kinds", "heap")
	if want := "penstock: profile: heap: " + address + ": status 401: This needs the header Authorization"; without.code != exitFailed || !strings.HasPrefix(without.stderr, want) {
		t.Errorf("without the token: got code %d and %q, want 1 and %q", without.code, without.stderr, want)
	}
	t.Setenv(adminTokenVariable, "a-long-secret")
	if got := invoke("profile", "-admin", address, "-out", t.TempDir(), "-kinds", "allocs,threadcreate"); got.code != exitGood {
		t.Errorf("token from the environment: got code %d and %q, want 0", got.code, got.stderr)
	}
}

// unpacked returns the size of what a profile's file holds.
func unpacked(t *testing.T, file string) int64 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	n, err := io.Copy(io.Discard, z)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return n
}

func TestProfileSaysWhatIsWrong(t *testing.T) {
	file := write(t, "file", "not a folder")
	off := write(t, "off.yaml", strings.Replace(smallConfig, "admin: \"127.0.0.1:0\"", "admin: off", 1))
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a kind that is not one", []string{"-kinds", "haep"}, exitUsage, `profile: -kinds: "haep" is not a profile (did you mean "heap"?); there are cpu, heap`},
		{"a kind twice", []string{"-kinds", "heap,cpu,heap"}, exitUsage, "profile: -kinds: heap is there twice"},
		{"no time at all", []string{"-seconds", "0"}, exitUsage, "profile: -seconds: got 0, want 1 to 60 for cpu"},
		{"too long", []string{"-seconds", "61"}, exitUsage, "profile: -seconds: got 61, want 1 to 60 for cpu"},
		{"too long for a trace", []string{"-seconds", "6", "-kinds", "cpu,trace"}, exitUsage, "profile: -seconds: got 6, want 1 to 5 for trace"},
		{"the admin listener is off", []string{"-config", off}, exitUsage, "profile: " + off + " switches the admin listener off"},
		{"nobody is there", []string{"-admin", free(t), "-kinds", "heap"}, exitFailed, "profile: heap: 127.0.0.1:"},
		{"not a folder", []string{"-admin", free(t), "-out", file}, exitFailed, "profile: -out: mkdir " + file},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := invoke(append([]string{"profile"}, tc.args...)...)
			if got.code != tc.code || !strings.HasPrefix(got.stderr, "penstock: "+tc.want) {
				t.Errorf("got code %d and %q, want %d and %q", got.code, got.stderr, tc.code, tc.want)
			}
		})
	}
}

func TestACutProfileLeavesNoFile(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"unexpected EOF": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "half of it")
		},
		"status 503: Another profile is being taken.": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"detail": "Another profile is being taken."}`)
		},
		"status 502: no JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "no JSON\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(serve)
			defer server.Close()
			folder := t.TempDir()
			got := invoke("profile", "-admin", strings.TrimPrefix(server.URL, "http://"), "-out", folder, "-kinds", "heap")
			left, err := os.ReadDir(folder)
			if got.code != exitFailed || !strings.Contains(got.stderr, name) || len(left) > 0 || err != nil {
				t.Errorf("got code %d, %q and files %v, %v; want 1, %q and none", got.code, got.stderr, left, err, name)
			}
		})
	}
}
