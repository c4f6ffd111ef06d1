//go:build unix

package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counted is an origin with cacheable responses that contain the number of its request.
func counted(t *testing.T) (address string) {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Surrogate-Key", "item-7")
		_, _ = fmt.Fprintf(w, "answer %d", n.Add(1))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestOperatorsPurgeWhatIsStored goes the whole way: command, admin listener,
// gateway, store.
func TestOperatorsPurgeWhatIsStored(t *testing.T) {
	admin := free(t)
	file := write(t, "config.yaml", fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: { listen: %q, token: a-long-secret }\nlog: { access: off }\n"+
		"cache: { memory: 32MiB }\nroutes: [{ path: \"/*\", upstream: \"http://%s\", cache: { tags: Surrogate-Key } }]\n", admin, counted(t)))
	url := "http://" + launch(t, nil, "run", "-config", file).expect(`"msg":"serving".*"listen":"([^"]+)"`)
	want := func(n int, what string) {
		t.Helper()
		if status, body := fetch(t, url+"/a?b=1"); status != 200 || body != fmt.Sprintf("answer %d", n) {
			t.Errorf("%s: got %d %q, want answer %d", what, status, body, n)
		}
	}
	want(1, "the first")
	want(1, "a hit")
	_, lookup := fetch(t, "http://"+admin+"/api/cache/lookup?url="+url+"/a?b=1")
	for _, part := range []string{`"use": "fresh"`, `"status": 200`, `"route": "/*"`, "Surrogate-Key: item-7"} {
		if !strings.Contains(lookup, part) {
			t.Errorf("the explanation lacks %s: %s", part, lookup)
		}
	}
	host := strings.TrimPrefix(url, "http://")
	for i, args := range [][]string{
		{"-url", url + "/a?b=1"}, {"-prefix", url + "/a"}, {"-host", host}, {"-tag", "item-7"}, {"-all"}, {"-all", "-soft"},
	} {
		if got := invoke(append([]string{"purge", "-config", file}, args...)...); got.code != exitGood || !strings.HasPrefix(got.stdout, "purged ") {
			t.Fatalf("%q: got code %d, %q and %q", args, got.code, got.stdout, got.stderr)
		}
		want(i+2, strings.Join(args, " "))
		want(i+2, "a hit")
	}
	_, status := fetch(t, "http://"+admin+"/api/cache")
	for _, part := range []string{`"configured_bytes": 33554432`, `"purges": 6`, `"route": "/*"`} {
		if !strings.Contains(status, part) {
			t.Errorf("the status lacks %s: %s", part, status)
		}
	}
	counts := []string{`penstock_cache_requests_total{route="/*",outcome="hit"} 7`, "penstock_cache_configured_bytes 33554432"}
	for late := time.Now().Add(patience); ; {
		_, page := fetch(t, "http://"+admin+"/metrics") // a request is counted after its response was sent
		if strings.Contains(page, counts[0]+"\n") && strings.Contains(page, counts[1]+"\n") {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("after %v the metrics lack %q", patience, counts)
		}
	}
}

func TestPurgeWithoutACache(t *testing.T) {
	file, _ := startAdmin(t, "a-long-secret")
	if got := invoke("purge", "-config", file, "-all"); got.code != exitFailed || !strings.Contains(got.stderr, "status 409: no route has a cache") {
		t.Errorf("got code %d and %q, want 1 and why", got.code, got.stderr)
	}
}
