//go:build linux

package regression

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/origin/scripted"
)

const fresh = "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 2\r\n\r\nok"

// ask sends a request on the connection and returns the response.
func (c *client) ask(line string, fields ...string) *scripted.Message {
	c.t.Helper()
	c.request(line, fields...)
	return c.read()
}

// A client's POSTs remove what is stored for their own URLs. Before, 5,000 of them marked one
// in 14 of the slots that all URLs shared: that none of 500 objects went had a chance of e^-35.
func TestFixed07PostsOfOneHostFlushNothingOfOthers(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always(fresh))
	g := start(t, "log: { access: off }\n"+one(o, "cache: on"))
	c := dial(t, g.address)
	const objects = 500
	for i := range objects {
		c.ask("GET /" + strconv.Itoa(i))
	}
	for i := range 5000 {
		c.send("POST /?"+strconv.Itoa(i)+" HTTP/1.1", "Host: b", "Content-Length: 0", "", "")
		c.read()
	}
	left := 0
	for i := range objects {
		if strings.Contains(c.ask("GET /"+strconv.Itoa(i)).Field("Cache-Status"), "hit") {
			left++
		}
	}
	if left != objects {
		t.Errorf("%d of %d stored objects are left", left, objects)
	}
}

// Programs after a gateway, CGI and WSGI ones, read X_Tenant as X-Tenant.
func TestFixed08UnderscoresShadowNoField(t *testing.T) {
	vary := "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nVary: Accept-Language\r\nContent-Length: 2\r\n\r\nok"
	for name, tc := range map[string]struct{ response, keys string }{
		"of a key":        {fresh, "cache: { key: { headers: [X-Tenant] } }"},
		"of Vary":         {vary, "cache: on"},
		"without a cache": {fresh, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, seen := heads(t, tc.response)
			g := start(t, one(o, tc.keys))
			get(t, g.address, "GET / HTTP/1.1", "Host: a", "X-Tenant: a", "X_Tenant: b", "Accept_Language: fr")
			if head := <-seen; strings.Contains(head, "X_Tenant") || strings.Contains(head, "Accept_Language") {
				t.Errorf("the backend got\n%s", head)
			}
		})
	}
}

func TestFixed09ACookieThatComesTwiceIsNotServedFromTheStore(t *testing.T) {
	for name, cookies := range map[string][]string{
		"in one line":     {"Cookie: lang=de; lang=fr"},
		"in two lines":    {"Cookie: lang=de", "Cookie: lang=fr"},
		"with a space":    {"Cookie: lang=de; lang =fr"},
		"quoted":          {`Cookie: lang=de; lang="fr"`},
		"in percent form": {"Cookie: lang=de; l%61ng=fr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, seen := heads(t, fresh)
			g := start(t, one(o, "cache: { key: { cookies: [lang] } }"))
			get(t, g.address, "GET / HTTP/1.1", "Host: a", "Cookie: lang=de")
			<-seen
			a := get(t, g.address, append([]string{"GET / HTTP/1.1", "Host: a"}, cookies...)...)
			if len(seen) != 1 {
				t.Errorf("the response to lang=de was served: Cache-Status: %s", a.Field("Cache-Status"))
			}
		})
	}
}

// A response to the odd request of one client says nothing about what is stored for others.
func TestFixed12AnOddResponseDeletesNothing(t *testing.T) {
	for _, status := range []string{"400 Bad", "403 No", "416 Range", "429 Slow", "200 OK\r\nCache-Control: no-store"} {
		t.Run(status[:3], func(t *testing.T) {
			t.Parallel()
			stale := "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nCache-Control: max-age=60\r\nAge: 60\r\nContent-Length: 5\r\n\r\nstale"
			n := 0
			o := backend(t, func(p *scripted.Peer) {
				for {
					r, err := p.Request()
					if err != nil {
						return
					}
					switch n++; {
					case n == 1:
						p.Say(stale)
					case r.Header.Get("Cookie") != "":
						p.Say("HTTP/1.1 " + status + "\r\nContent-Length: 3\r\n\r\nodd")
					default:
						return // the connection is lost
					}
				}
			})
			g := start(t, "upstreams: { u: { backends: [\"http://"+o.Address+"\"], pool: { idle_timeout: 10m } } }\n"+
				"routes: [{ path: \"/*\", upstream: u, cache: { stale_on_error: 10m }, retry: off }]\n")
			get(t, g.address, "GET / HTTP/1.1")
			if a := get(t, g.address, "GET / HTTP/1.1", "Host: a", "Cookie: session=1"); a.Body != "odd" {
				t.Fatalf("got %d %q, want the origin's odd response", a.Status, a.Body)
			}
			if a := get(t, g.address, "GET / HTTP/1.1"); a.Body != "stale" {
				t.Errorf("got %d %s, want what was stored before", a.Status, a.Body)
			}
		})
	}
}

func TestFixed13ANewVariantRemovesOneOther(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nVary: Accept-Language\r\nContent-Length: 2\r\n\r\nok"))
	g := start(t, one(o, "cache: on"))
	ask := func(language int) bool {
		a := get(t, g.address, "GET / HTTP/1.1", "Host: a", fmt.Sprintf("Accept-Language: x%d", language))
		return strings.Contains(a.Field("Cache-Status"), "hit")
	}
	for i := range 8 {
		ask(i)
	}
	for i := range 7 { // 0 is the one that is used least
		ask(i + 1)
	}
	ask(8)
	left := 0
	for i := range 7 {
		if ask(i + 1) {
			left++
		}
	}
	if left != 7 {
		t.Errorf("%d of the 7 variants that were used last are left, want all", left)
	}
}

func TestFixed13TheHostIsSentInTheFormThatIsKeyed(t *testing.T) {
	t.Parallel()
	o, seen := heads(t, fresh)
	g := start(t, one(o, "cache: on"))
	get(t, g.address, "GET / HTTP/1.1", "Host: EXAMPLE.com:80")
	if head := <-seen; !strings.Contains(head, "\r\nHost: example.com\r\n") {
		t.Errorf("the origin got\n%s", head)
	}
}

func TestFixed13TheLookupShowsNoCookies(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nSet-Cookie: session=SECRET\r\nContent-Length: 2\r\n\r\nok"))
	g := start(t, one(o, "cache: { store_set_cookie: on }"))
	get(t, g.address, "GET / HTTP/1.1")
	text := g.api("/api/cache/lookup?url=http://a/")
	if !strings.Contains(text, "session") || strings.Contains(text, "SECRET") {
		t.Errorf("got %s, want the name of the cookie without its value", text)
	}
}

func TestFixed13ARequestDoesNotWaitForAnotherForEver(t *testing.T) {
	t.Parallel()
	o, h := holding(t)
	g := start(t, one(o, "cache: on")+patientRoute)
	for range 2 { // the second follows the first, for 5 s
		dial(t, g.address).request("GET /silent")
		select {
		case <-h.asked:
		case <-time.After(patience()):
			t.Fatalf("a request still waits for the same one of another client after %v", patience())
		}
	}
}

func TestFixed19EvictionsAreNoReplacements(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always(fresh))
	g := start(t, "log: { access: off }\n"+one(o, "cache: on"))
	c := dial(t, g.address)
	for range 200 {
		c.ask("GET /")
		if a := g.change("POST", "/api/cache/purge", `{"url": "http://a/"}`); !strings.Contains(a, " 200 ") {
			t.Fatal(a)
		}
	}
	if n := g.metric("penstock_cache_evictions_total"); n != "0" {
		t.Errorf("an almost empty cache in which one object was replaced 200 times counts %s evictions, want 0", n)
	}
}

// A soft purge keeps what is stored; whether it serves at once is up to the response.
func TestFixed19ASoftPurgeIsDescribedAsWhatItDoes(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always(fresh))
	g := start(t, one(o, "cache: on"))
	get(t, g.address, "GET / HTTP/1.1")
	g.change("POST", "/api/cache/purge", `{"url": "http://a/", "soft": true}`)
	after := get(t, g.address, "GET / HTTP/1.1").Field("Cache-Status")
	if help := command(t, "purge", "-h").stdout; !strings.Contains(after, "fwd=stale") || !strings.Contains(help, "validated") {
		t.Errorf("after it, Cache-Status is %q; the help says\n%s", after, help)
	}
}
