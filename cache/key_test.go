package cache

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// keyFrom builds a key from a readable form: "METHOD scheme://host/path?query".
func keyFrom(t testing.TB, s *Store, text string, rule *QueryRule) Key {
	t.Helper()
	method, rest, _ := strings.Cut(text, " ")
	scheme, rest, _ := strings.Cut(rest, "://")
	rest, query, has := strings.Cut(rest, "?")
	slash := strings.IndexByte(rest, '/')
	b := s.NewKey(nil)
	b.URL(&URL{
		Method: []byte(method), Scheme: []byte(scheme), Host: []byte(rest[:slash]), Path: []byte(rest[slash:]),
		Query: []byte(query), HasQuery: has, Rule: rule,
	})
	return b.Key()
}

func ruleOf(t testing.TB, mode QueryMode, names ...string) *QueryRule {
	t.Helper()
	r, err := NewQueryRule(mode, names...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeysThatAreOne(t *testing.T) {
	s := newStore(t, Options{})
	only, except := ruleOf(t, QueryOnly, "q", "page"), ruleOf(t, QueryExcept, "utm")
	for _, tc := range []struct {
		name, a, b string
		rule       *QueryRule
		same       bool
	}{
		{"HEAD is answered from GET", "GET http://a/x", "HEAD http://a/x", nil, true},
		{"POST is its own class", "GET http://a/x", "POST http://a/x", nil, false},
		{"schemes differ", "GET http://a/x", "GET https://a/x", nil, false},
		{"a host has no case (RFC 9110 §4.2.3)", "GET http://A.Example/x", "GET http://a.example/x", nil, true},
		{"the default port goes (RFC 9110 §4.2.3)", "GET http://a:80/x", "GET http://a/x", nil, true},
		{"the default port of https", "GET https://a:443/x", "GET https://a/x", nil, true},
		{"another scheme's port stays", "GET http://a:443/x", "GET http://a/x", nil, false},
		{"another port stays", "GET http://a:8080/x", "GET http://a/x", nil, false},
		{"a path has case", "GET http://a/X", "GET http://a/x", nil, false},
		{"host and path do not slide", "GET http://a/b/c", "GET http://a/bc/", nil, false},
		{"queries differ", "GET http://a/x?a=1", "GET http://a/x?a=2", nil, false},
		{"an empty query is one", "GET http://a/x?", "GET http://a/x", nil, false},
		{"order counts", "GET http://a/x?a=1&b=2", "GET http://a/x?b=2&a=1", nil, false},
		{"sorted", "GET http://a/x?a=1&b=2", "GET http://a/x?b=2&a=1", ruleOf(t, QuerySorted), true},
		{"sorted keeps the order of one name", "GET http://a/x?a=1&a=2", "GET http://a/x?a=2&a=1", ruleOf(t, QuerySorted), false},
		{"none", "GET http://a/x?a=1", "GET http://a/x", ruleOf(t, QueryNone), true},
		{"only: others do not count", "GET http://a/x?z=1&q=2", "GET http://a/x?q=2&y=5", only, true},
		{"only: order does not count", "GET http://a/x?page=1&q=2", "GET http://a/x?q=2&page=1", only, true},
		{"only: the listed count", "GET http://a/x?q=1", "GET http://a/x?q=2", only, false},
		{"only: nothing listed is no query", "GET http://a/x?z=1", "GET http://a/x", only, true},
		{"only: an encoded name is another", "GET http://a/x?%71=1", "GET http://a/x", only, true},
		{"except: the listed do not count", "GET http://a/x?a=1&utm=2", "GET http://a/x?utm=7&a=1", except, true},
		{"except: others count", "GET http://a/x?a=1", "GET http://a/x?a=2", except, false},
		{"except: an encoded name counts", "GET http://a/x?ut%6D=1", "GET http://a/x", except, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := keyFrom(t, s, tc.a, tc.rule), keyFrom(t, s, tc.b, tc.rule)
			if got := bytes.Equal(a.raw, b.raw); got != tc.same {
				t.Errorf("%q and %q are one: got %v, want %v", tc.a, tc.b, got, tc.same)
			}
		})
	}
}

func TestFieldsInKeys(t *testing.T) {
	s := newStore(t, Options{})
	type field struct {
		cookie      bool
		name, value string
		absent      bool
	}
	build := func(fields ...field) Key {
		b := s.NewKey(nil)
		b.URL(&URL{Method: []byte("GET"), Scheme: []byte("http"), Host: []byte("a"), Path: []byte("/")})
		for _, f := range fields {
			if f.cookie {
				b.Cookie(f.name, []byte(f.value), !f.absent)
			} else {
				b.Header(f.name, []byte(f.value), !f.absent)
			}
		}
		return b.Key()
	}
	all := []Key{
		build(), build(field{name: "a"}), build(field{name: "a", absent: true}), build(field{name: "a", value: "b"}),
		build(field{cookie: true, name: "a", value: "b"}), build(field{name: "ab"}),
		build(field{name: "a", value: "b"}, field{name: "c", value: "d"}), build(field{name: "a", value: "bc"}, field{name: "", value: "d"}),
	}
	for i := range all {
		for j := range all[:i] {
			if bytes.Equal(all[i].raw, all[j].raw) {
				t.Errorf("keys %d and %d are one", i, j)
			}
		}
	}
}

func TestLongKeysBecomeDigests(t *testing.T) {
	s := newStore(t, Options{})
	long := "/" + strings.Repeat("x", 20000)
	a, b := keyOf(s, "a.example", long), keyOf(s, "a.example", long+"y")
	if len(a.raw) > maxRawKey || bytes.Equal(a.raw, b.raw) || string(a.Path()) != long {
		t.Errorf("key of %d bytes, path of %d", len(a.raw), len(a.Path()))
	}
	s.Put(a, fillOf(s, ""), []byte("a"))
	wantBody(t, s, a, []byte("a"))
	wantOutcome(t, s, b, Miss)
	v := s.Variant(nil, a, 5, []byte("v"))
	s.Put(v, fillOf(s, ""), []byte("v"))
	wantBody(t, s, v, []byte("v"))
	if c := v.clone(nil); !bytes.Equal(c.raw, v.raw) || !bytes.Equal(c.Path(), v.Path()) {
		t.Error("a clone is another key")
	}
}

func TestGuardsAreSecret(t *testing.T) {
	a, b := newStore(t, Options{Random: seeded(1)}), newStore(t, Options{Random: seeded(2)})
	if keyOf(a, "a", "/").Hash() == keyOf(b, "a", "/").Hash() {
		t.Error("two secrets give one guard")
	}
}

// TestSumSpreads flips every bit and looks for another sum.
func TestSumSpreads(t *testing.T) {
	s := newStore(t, Options{Random: seeded(3)})
	random := rand.New(rand.NewPCG(1, 1))
	for size := range 200 {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		whole := s.ring.secret.sum(1, b)
		if s.ring.secret.sum(2, b) == whole {
			t.Errorf("%d bytes: two tweaks give one sum", size)
		}
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				if s.ring.secret.sum(1, b) == whole {
					t.Errorf("%d bytes: bit %d of byte %d does not count", size, bit, i)
				}
				b[i] ^= 1 << bit
			}
		}
		if size > 0 && s.ring.secret.sum(1, b[:size-1]) == whole {
			t.Errorf("%d bytes: the length does not count", size)
		}
	}
}

func TestQueryShapes(t *testing.T) {
	many := strings.Repeat("b=1&", maxParameters) + "a=1"
	for _, tc := range []struct {
		name      string
		rule      *QueryRule
		raw, want string
	}{
		{"as it came", nil, "b=1&&a=2&", "b=1&&a=2&"},
		{"sorted, empty parts gone", ruleOf(t, QuerySorted), "&b=1&&a=2&b=0&", "a=2&b=1&b=0"},
		{"a name is not its prefix", ruleOf(t, QuerySorted), "ab=1&a=2&a", "a=2&a&ab=1"},
		{"none", ruleOf(t, QueryNone), "a=1", ""},
		{"only", ruleOf(t, QueryOnly, "b", "a"), "c=1&b=1&a&bb=2", "a&b=1"},
		{"except", ruleOf(t, QueryExcept, "a"), "c=1&a=2&b=1&a", "c=1&b=1"},
		{"too many to sort", ruleOf(t, QuerySorted), many, many},
		{"too many to sort, only", ruleOf(t, QueryOnly, "a", "b"), many + "&c", many},
	} {
		if got := string(tc.rule.Append(nil, []byte(tc.raw))); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	for _, bad := range []struct {
		mode  QueryMode
		names []string
	}{{queryModes, nil}, {QueryOnly, nil}, {QueryExcept, nil}, {QueryAll, []string{"a"}}} {
		if _, err := NewQueryRule(bad.mode, bad.names...); err == nil {
			t.Errorf("mode %d with %v was taken", bad.mode, bad.names)
		}
	}
}

// FuzzQueryRule holds that a shaped query has none but wanted parameters of the
// raw one, and that shaping twice is shaping once.
func FuzzQueryRule(f *testing.F) {
	f.Add("b=1&a=2&&b", "b")
	f.Add("=&==&a", "a")
	f.Fuzz(func(t *testing.T, raw, name string) {
		for mode := range queryModes {
			names := []string{name}
			if mode != QueryOnly && mode != QueryExcept {
				names = nil
			}
			r := ruleOf(t, mode, names...)
			once := r.Append(nil, []byte(raw))
			if twice := r.Append(nil, once); !bytes.Equal(once, twice) {
				t.Errorf("mode %d: %q, then %q", mode, once, twice)
			}
			for part, rest, more := nextParameter(once); more; part, rest, more = nextParameter(rest) {
				listed := string(parameterName(part)) == name
				if mode == QueryNone || mode == QueryOnly && !listed || mode == QueryExcept && listed {
					t.Errorf("mode %d kept %q", mode, part)
				}
			}
		}
	})
}
