package cache

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func newCodec(t testing.TB, secret string) *Codec {
	t.Helper()
	c, err := NewCodec([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const sharedSecret = "shared by all instances"

func TestASecretHasALength(t *testing.T) {
	if _, err := NewCodec([]byte("fifteen bytes..")); err == nil {
		t.Error("a secret of 15 bytes is taken")
	}
}

// TestKeysAreOneInEveryProcess makes the keys of one request in two stores, whose
// secrets differ.
func TestKeysAreOneInEveryProcess(t *testing.T) {
	one, two := newStore(t, Options{}), newStore(t, Options{})
	codecs := []*Codec{newCodec(t, sharedSecret), newCodec(t, sharedSecret)}
	for _, text := range []string{
		"GET http://A.example:80/a", "GET https://a.example/a?", "REPORT http://a.example/?x=1&y=2",
		"GET http://a.example/" + strings.Repeat("long", maxRawKey),
	} {
		a, b := keyFrom(t, one, text, nil), keyFrom(t, two, text, nil)
		pa, pb := a.AppendPortable(nil), b.AppendPortable(nil)
		if bytes.Equal(a.raw, b.raw) || !bytes.Equal(pa, pb) || codecs[0].KeyID(pa) != codecs[1].KeyID(pb) {
			t.Errorf("%.40s: %q and %q", text, pa, pb)
		}
		record, _ := one.PutVariant(a, fillOf(one, ""))
		other, _ := two.PutVariant(b, fillOf(two, ""))
		va, vb := one.Variant(nil, a, record, []byte("gzip")), two.Variant(nil, b, other, []byte("gzip"))
		names, values := []byte("accept-encoding"), []byte("gzip")
		pa, pb = va.AppendPortableVariant(nil, names, values), vb.AppendPortableVariant(nil, names, values)
		if !bytes.Equal(pa, pb) || !bytes.Equal(pa, b.AppendPortableVariant(nil, names, values)) {
			t.Errorf("%.40s, variant: %q and %q", text, pa, pb)
		}
		if _, err := two.ReadKey(pa); err == nil {
			t.Errorf("%.40s: the form of a variant is taken for a key", text)
		}
	}
}

// TestARecordOfAnotherProcess reads in one store what another has stored, purges it there
// by the key that came with it, and refuses what was not meant.
func TestARecordOfAnotherProcess(t *testing.T) {
	one, two := newStore(t, Options{}), newStore(t, Options{})
	k := keyOf(one, "a.example", "/a")
	key := k.AppendPortable(nil)
	written := Record{
		Head: Head{Kind: Whole, Status: 200, Flags: 7, Created: 1, Expires: 2, StaleRevalidate: 3, StaleError: 4},
		Key:  key, Tags: [][]byte{[]byte("news"), nil}, Meta: []byte("meta"), Fields: []byte("A: b\r\n"), Body: []byte("body"),
	}
	sealed := newCodec(t, sharedSecret).AppendRecord([]byte("before"), &written)[len("before"):]
	reader := newCodec(t, sharedSecret)
	var r Record
	if err := reader.ReadRecord(&r, sealed, key); err != nil {
		t.Fatal(err)
	}
	own, err := two.ReadKey(r.Key)
	if err != nil {
		t.Fatal(err)
	}
	fill := Fill{Head: r.Head, Meta: r.Meta, Fields: r.Fields, Tags: r.Tags}
	if got := two.Put(own, &fill, r.Body); got != Stored {
		t.Fatal(got)
	}
	wantBody(t, two, keyOf(two, "a.example", "/a"), []byte("body"))
	two.PurgeTag([]byte("news"), false)
	wantOutcome(t, two, keyOf(two, "a.example", "/a"), Purged)

	other := bytes.Clone(sealed)
	other[atRecordVersion]++
	for _, tc := range []struct {
		name string
		c    *Codec
		b    []byte
		key  []byte
		want RecordFault
	}{
		{"nothing", reader, nil, key, RecordCut},
		{"cut short", reader, sealed[:len(sealed)-1], key, RecordForged},
		{"a head cut short", reader, sealed[:recordHeadSize-1], key, RecordCut},
		{"another version", reader, other, key, RecordVersion},
		{"another secret", newCodec(t, "a secret of somebody else"), sealed, key, RecordForged},
		{"another key", reader, sealed, append(key, 'x'), RecordOtherKey},
	} {
		if err := tc.c.ReadRecord(&r, tc.b, tc.key); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	for i := range sealed {
		sealed[i] ^= 1
		if err := reader.ReadRecord(&r, sealed, key); err == nil {
			t.Errorf("byte %d altered: accepted", i)
		}
		sealed[i] ^= 1
	}
}

func FuzzRecordRoundTrip(f *testing.F) {
	f.Add([]byte("key"), []byte("a,b"), []byte("meta"), []byte("A: b\r\n"), []byte("body"), uint64(1))
	f.Add([]byte(nil), []byte(","), []byte(nil), []byte(nil), []byte(nil), uint64(1)<<63)
	c := newCodec(f, sharedSecret)
	f.Fuzz(func(t *testing.T, key, tags, meta, fields, body []byte, n uint64) {
		in := Record{
			Head: Head{
				Kind: Whole, Status: uint16(n), Flags: uint32(n >> 16), Created: int64(n), Expires: int64(n + 1),
				StaleRevalidate: int64(n * 3), StaleError: int64(^n),
			},
			Key: key, Meta: meta, Fields: fields, Body: body,
		}
		if len(tags) > 0 {
			in.Tags = bytes.Split(tags, []byte(","))
		}
		var out Record
		if err := c.ReadRecord(&out, c.AppendRecord(nil, &in), key); err != nil {
			t.Fatal(err)
		}
		in.BodySize = int64(len(body))
		same := out.Head == in.Head && bytes.Equal(out.Key, key) && bytes.Equal(out.Meta, meta) &&
			bytes.Equal(out.Fields, fields) && bytes.Equal(out.Body, body) && len(out.Tags) == len(in.Tags)
		for i := range in.Tags {
			same = same && bytes.Equal(out.Tags[i], in.Tags[i])
		}
		if !same {
			t.Errorf("got %+v, want %+v", out, in)
		}
	})
}

// FuzzReadRecord seals what was not written by AppendRecord: what is accepted is encoded as
// the same bytes.
func FuzzReadRecord(f *testing.F) {
	c := newCodec(f, sharedSecret)
	r := Record{Head: Head{Kind: Variant}, Key: []byte("k"), Tags: [][]byte{[]byte("t")}, Meta: []byte("m")}
	f.Add(c.AppendRecord(nil, &r))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) <= atRecordVersion {
			return
		}
		seal := c.sum(sumOfRecord, b[atRecordVersion:])
		copy(b, seal[:])
		var r Record
		err := c.ReadRecord(&r, b, nil)
		if err != nil && !errors.Is(err, RecordOtherKey) {
			return
		}
		if again := c.AppendRecord(nil, &r); !bytes.Equal(again, b) {
			t.Errorf("got %q, want %q", again, b)
		}
	})
}

func FuzzPortableKey(f *testing.F) {
	f.Add("GET", "http", "a.example", "/a", "x=1", true, "X-Tenant", "a", true)
	f.Add("POST", "https", "[::1]:8080", "/", "", false, "lang", "", false)
	one, two := newStore(f, Options{}), newStore(f, Options{})
	f.Fuzz(func(t *testing.T, method, scheme, host, path, query string, has bool, name, value string, present bool) {
		if strings.Count(host[strings.LastIndexByte(host, ']')+1:], ":") > 1 {
			return // no host
		}
		build := func(s *Store) Key {
			b := s.NewKey(nil)
			b.URL(&URL{
				Method: []byte(method), Scheme: []byte(scheme), Host: []byte(host), Path: []byte(path),
				Query: []byte(query), HasQuery: has,
			})
			b.Header(name, []byte(value), present)
			b.Cookie(name, nil, false)
			return b.Key()
		}
		want := build(two)
		portable := build(one).AppendPortable(nil)
		got, err := two.ReadKey(portable)
		if err != nil {
			t.Fatalf("%q: %v", portable, err)
		}
		if !bytes.Equal(got.raw, want.raw) || !bytes.Equal(got.Host(), want.Host()) || !bytes.Equal(got.Path(), want.Path()) ||
			two.ring.secret.urlID(&got) != two.ring.secret.urlID(&want) {
			t.Errorf("%q: got another key", portable)
		}
	})
}

// FuzzReadKey holds that what is accepted has no second form.
func FuzzReadKey(f *testing.F) {
	s := newStore(f, Options{})
	f.Add(keyFrom(f, s, "GET http://a.example/a?b", nil).AppendPortable(nil))
	f.Add([]byte("m\x81\x00xs\x04httph\x01ap\x01/"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := s.ReadKey(b)
		if err != nil {
			return
		}
		if again := k.AppendPortable(nil); !bytes.Equal(again, b) {
			t.Errorf("got %q, want %q", again, b)
		}
	})
}
