package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestPurgeAsksForWhatTheFlagsName(t *testing.T) {
	t.Setenv(adminTokenVariable, "a-long-secret")
	for _, tc := range []struct {
		args   []string
		body   map[string]any
		answer string
		want   string
	}{
		{[]string{"-url", "http://a/b?c=1&d"}, map[string]any{"url": "http://a/b?c=1&d"}, `{"purged": "url", "value": "http://a/b?c=1&d", "soft": false}`, "purged url http://a/b?c=1&d\n"},
		{[]string{"-tag", "item 7", "-soft"}, map[string]any{"tag": "item 7", "soft": true}, `{"purged": "tag", "value": "item 7", "soft": true}`, "purged tag item 7, softly\n"},
		{[]string{"-prefix", "http://a/b"}, map[string]any{"prefix": "http://a/b"}, `{"purged": "prefix", "value": "http://a/b"}`, "purged prefix http://a/b\n"},
		{[]string{"-host", "a:80"}, map[string]any{"host": "a:80"}, `{"purged": "host", "value": "a:80"}`, "purged host a:80\n"},
		{[]string{"-all"}, map[string]any{"all": true}, `{"purged": "all", "soft": false}`, "purged all\n"},
	} {
		var got map[string]any
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "POST" || r.URL.Path != "/api/cache/purge" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer a-long-secret" {
				t.Errorf("got %s %s with %v", r.Method, r.URL, r.Header)
			}
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, tc.answer)
		}))
		result := invoke(append([]string{"purge", "-admin", strings.TrimPrefix(server.URL, "http://")}, tc.args...)...)
		server.Close()
		if result.code != exitGood || result.stdout != tc.want || !reflect.DeepEqual(got, tc.body) {
			t.Errorf("%q: got code %d, %q, %q and body %v; want 0, %q and %v", tc.args, result.code, result.stdout, result.stderr, got, tc.want, tc.body)
		}
	}
}

func TestPurgeSaysWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"detail": "no route has a cache"}`)
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "purge: got none, want one of -url, -prefix, -host, -tag, -all"},
		{[]string{"-soft"}, exitUsage, "purge: got none, want one of"},
		{[]string{"-url", "http://a/", "-all"}, exitUsage, "purge: got -all and -url, want one of"},
		{[]string{"-alll"}, exitUsage, `purge: there is no flag -alll (did you mean "all"?)`},
		{[]string{"http://a/"}, exitUsage, `purge: "http://a/" is one argument too many`},
		{[]string{"-all", "-admin", address}, exitFailed, "purge: " + address + ": status 409: no route has a cache"},
		{[]string{"-all", "-admin", "127.0.0.1:1"}, exitFailed, "purge: 127.0.0.1:1: "},
	} {
		got := invoke(append([]string{"purge"}, tc.args...)...)
		if got.code != tc.code || !strings.HasPrefix(got.stderr, "penstock: "+tc.want) {
			t.Errorf("%q: got code %d and %q, want %d and %q", tc.args, got.code, got.stderr, tc.code, tc.want)
		}
	}
}
