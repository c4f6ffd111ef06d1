package cache

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// putTagged stores a small body under a URL with tags.
func putTagged(t *testing.T, s *Store, url string, tags ...string) Key {
	t.Helper()
	k := keyFrom(t, s, "GET "+url, nil)
	f := fillOf(s, "")
	for _, tag := range tags {
		f.Tags = append(f.Tags, []byte(tag))
	}
	if r := s.Put(k, f, []byte(url)); r != Stored {
		t.Fatal(r)
	}
	return k
}

func TestPurgesReachWhatTheyName(t *testing.T) {
	urls := []string{
		"http://a.example/", "http://a.example/img/a", "http://a.example/img/ab/c", "http://a.example/img/b",
		"https://a.example/img/b", "http://a.example/img/b?x=1", "http://b.example/img/b", "http://a.example/t",
	}
	tags := map[string][]string{"http://a.example/t": {"news", "front"}}
	for _, tc := range []struct {
		name  string
		purge func(s *Store, soft bool) error
		gone  string // indexes into urls
	}{
		{"all", func(s *Store, soft bool) error { return s.PurgeAll(soft) }, "01234567"},
		{"host, any case", func(s *Store, soft bool) error { return s.PurgeHost([]byte("A.example"), soft) }, "0123457"},
		{"url, all schemes", func(s *Store, soft bool) error {
			return s.PurgeURL(keyFrom(t, s, "POST http://a.example/img/b", nil), soft)
		}, "34"},
		{"url with a query", func(s *Store, soft bool) error {
			return s.PurgeURL(keyFrom(t, s, "GET http://a.example/img/b?x=1", nil), soft)
		}, "5"},
		{"prefix of whole segments", func(s *Store, soft bool) error {
			return s.PurgePrefix([]byte("a.example"), []byte("/img/"), soft)
		}, "12345"},
		{"prefix within a segment", func(s *Store, soft bool) error {
			return s.PurgePrefix([]byte("a.example"), []byte("/img/a"), soft)
		}, "12"},
		{"prefix of nothing is the host", func(s *Store, soft bool) error {
			return s.PurgePrefix([]byte("a.example"), nil, soft)
		}, "0123457"},
		{"tag", func(s *Store, soft bool) error { return s.PurgeTag([]byte("front"), soft) }, "7"},
		{"a tag nobody bears", func(s *Store, soft bool) error { return s.PurgeTag([]byte("back"), soft) }, ""},
	} {
		for _, soft := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s soft=%v", tc.name, soft), func(t *testing.T) {
				s := newStore(t, Options{Random: seeded(4)})
				var keys []Key
				for _, url := range urls {
					keys = append(keys, putTagged(t, s, url, tags[url]...))
				}
				if err := tc.purge(s, soft); err != nil {
					t.Fatal(err)
				}
				var e Entry
				for i, k := range keys {
					named := strings.Contains(tc.gone, fmt.Sprint(i))
					want := Hit
					if named && !soft {
						want = Purged
					}
					if got := s.Get(&e, k); got != want || e.Soft != (named && soft) {
						t.Errorf("%s: got %v soft %v", urls[i], got, e.Soft)
					}
					putTagged(t, s, urls[i], tags[urls[i]]...)
					if got := s.Get(&e, k); got != Hit || e.Soft {
						t.Errorf("%s, filled again: got %v soft %v", urls[i], got, e.Soft)
					}
				}
			})
		}
	}
}

func TestAFillThatBeganBeforeThePurgeIsNotKept(t *testing.T) {
	s := newStore(t, Options{})
	k := keyOf(s, "a.example", "/a")
	early := fillOf(s, "early")
	s.PurgeHost([]byte("a.example"), false)
	newer := []byte("newer")
	s.Put(k, fillOf(s, "late"), newer)
	if got := s.Put(k, early, []byte("older")); got != Superseded {
		t.Errorf("got %v, want superseded", got)
	}
	wantBody(t, s, k, newer)
}

func TestVariantsFallWithTheirURL(t *testing.T) {
	s := newStore(t, Options{})
	base := keyOf(s, "a.example", "/a")
	record, _ := s.PutVariant(base, fillOf(s, ""))
	v := s.Variant(nil, base, record, []byte("gzip"))
	s.Put(v, fillOf(s, ""), nil)
	s.PurgeURL(base, false)
	wantOutcome(t, s, base, Purged)
	wantOutcome(t, s, v, Purged)
}

func TestMoreTagsThanListedFallWithAny(t *testing.T) {
	s := newStore(t, Options{})
	var tags []string
	for i := range maxTags + 1 {
		tags = append(tags, fmt.Sprint("tag", i))
	}
	k := putTagged(t, s, "http://a.example/a", tags...)
	s.PurgeTag([]byte("tag64"), false)
	wantOutcome(t, s, k, Purged)
}

func TestPrefixesBeyondTheListReachTheirFolder(t *testing.T) {
	s := newStore(t, Options{})
	in, beside := putTagged(t, s, "http://a.example/img/zz"), putTagged(t, s, "http://a.example/css/zz")
	s.PurgePrefix([]byte("a.example"), []byte("/img/first"), false)
	for i := range maxPathPurges - 1 {
		s.PurgePrefix([]byte("a.example"), fmt.Append(nil, "/other/x", i), false)
	}
	wantOutcome(t, s, in, Hit)
	s.PurgePrefix([]byte("a.example"), []byte("/other/last"), false)
	wantOutcome(t, s, in, Purged) // reaches too far, which is safe
	wantOutcome(t, s, beside, Hit)
}

// TestPrefixesNeverReachTooShort compares with strings.HasPrefix: what is under
// a purged prefix is always gone.
func TestPrefixesNeverReachTooShort(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	path := func(segments int) string {
		var b strings.Builder
		for range segments {
			fmt.Fprintf(&b, "/%c%c", 'a'+random.IntN(2), 'a'+random.IntN(2))
		}
		return b.String() + []string{"", "/", "//x"}[random.IntN(3)]
	}
	s := newStore(t, Options{})
	far := 0
	for range 3000 {
		full := path(1 + random.IntN(16))
		k := putTagged(t, s, "http://a.example"+full)
		prefix := path(1 + random.IntN(16))
		if random.IntN(2) == 0 {
			prefix = full[:random.IntN(len(full)+1)]
		}
		s.PurgePrefix([]byte("a.example"), []byte(prefix), false)
		var e Entry
		got := s.Get(&e, k)
		if strings.HasPrefix(full, prefix) && got != Purged {
			t.Fatalf("prefix %q leaves %q: %v", prefix, full, got)
		}
		if !strings.HasPrefix(full, prefix) && got == Purged {
			far++
		}
	}
	t.Logf("%d of 3000 purges of a prefix reached too far", far)
}

func TestAValidationEndsASoftPurge(t *testing.T) {
	s := newStore(t, Options{})
	k := putTagged(t, s, "http://a.example/a", "tag")
	s.PurgeTag([]byte("tag"), true)
	var e Entry
	if s.Get(&e, k); !e.Soft {
		t.Fatal("not purged softly")
	}
	if r := s.Update(&e, k, fillOf(s, "validated")); r != Stored {
		t.Fatal(r)
	}
	if got := s.Get(&e, k); got != Hit || e.Soft || string(e.Meta) != "validated" {
		t.Errorf("got %v soft %v meta %q", got, e.Soft, e.Meta)
	}
	late := fillOf(s, "late")
	s.PurgeTag([]byte("tag"), false)
	s.PurgeAll(false)
	if r := s.Update(&e, k, late); r != Superseded {
		t.Errorf("a validation from before a purge: got %v, want superseded", r)
	}
}

func TestPassesAreRemembered(t *testing.T) {
	now := noon
	s := newStore(t, Options{Now: func() time.Time { return now }})
	k, other := keyOf(s, "a.example", "/a"), keyOf(s, "a.example", "/b")
	s.Pass(k, 2*time.Second)
	if !s.Passes(k) || s.Passes(other) {
		t.Error("the key that was marked, and no other")
	}
	now = now.Add(1900 * time.Millisecond)
	if !s.Passes(k) {
		t.Error("forgotten too early")
	}
	now = now.Add(300 * time.Millisecond)
	if s.Passes(k) {
		t.Error("remembered too long")
	}
	s.Pass(k, time.Second)
	s.Pass(k, 0)
	if s.Passes(k) {
		t.Error("not taken back")
	}
}

// TestAnUpdateNeverBringsBackWhatWasPurged validates an entry that was read
// before a purge, with a clock from after it.
func TestAnUpdateNeverBringsBackWhatWasPurged(t *testing.T) {
	s := newStore(t, Options{})
	for _, size := range []int{10, 3 * segmentSize} {
		k := keyOf(s, "a.example", "/a")
		s.Put(k, fillOf(s, ""), bodyOf(1, size))
		e := AcquireEntry()
		s.Get(e, k)
		s.PurgeURL(k, false)
		if r := s.Update(e, k, fillOf(s, "late")); r != Superseded {
			t.Errorf("%d bytes: got %v, want superseded", size, r)
		}
		wantOutcome(t, s, k, Purged)
		ReleaseEntry(e)
	}
}
