package rfc9111

import (
	"bytes"
	"testing"
)

func TestVary(t *testing.T) {
	for _, r := range table(t, "vary.txt", 4) {
		t.Run(r.name, func(t *testing.T) {
			nominated, variance := AppendVary(nil, section(r.cols[0]))
			got := "never"
			if variance != VariesOnAll {
				first := AppendVariantKey(nil, nominated, section(r.cols[1]))
				got = "differs"
				if bytes.Equal(first, AppendVariantKey(nil, nominated, section(r.cols[2]))) {
					got = "same"
				}
			}
			if got != r.cols[3] {
				t.Errorf("%q for %q and %q: got %s, want %s", r.cols[0], r.cols[1], r.cols[2], got, r.cols[3])
			}
		})
	}
}

func TestVaryIsSortedAndAppended(t *testing.T) {
	got, variance := AppendVary([]byte("x:"), section("Vary: Foo, accept ~ Vary: BAR,foo"))
	if string(got) != "x:accept,bar,foo" || variance != VariesOnSome {
		t.Errorf("got %q %v, want %q", got, variance, "x:accept,bar,foo")
	}
	if got, variance := AppendVary([]byte("x:"), section("Vary: a, *")); string(got) != "x:" || variance != VariesOnAll {
		t.Errorf("with a star: got %q %v, want nothing appended", got, variance)
	}
}

// A response in German serves every request that wants German most, as it would get that
// one (RFC 9111 §4.1, RFC 9110 §12.5.4).
func TestLanguageMatch(t *testing.T) {
	response := section("Vary: Accept-Language, Foo ~ Content-Language: de")
	nominated, _ := AppendVary(nil, response)
	first := section("Accept-Language: en, de ~ Foo: 1")
	filed, ok := AppendLanguageKey(nil, nominated, first, ContentLanguage(response))
	if !ok {
		t.Fatal("a response in one language has a key for it")
	}
	for later, want := range map[string]bool{
		"Accept-Language: fr;q=0.5, de;q=1.0 ~ Foo: 1":             true,
		"Accept-Language: DE ~ Foo: 1":                             true,
		"Accept-Language: de, *;q=0.1 ~ Accept-Language: ~ Foo: 1": true,
		"Accept-Language: fr;q=0.5, de;q=1.0 ~ Foo: 2":             false,
		"Accept-Language: fr, de;q=0.9 ~ Foo: 1":                   false,
		"Accept-Language: fr, de ~ Foo: 1":                         false,
		"Accept-Language: * ~ Foo: 1":                              false,
		"Accept-Language: de;q=0 ~ Foo: 1":                         false,
		"Accept-Language: de;q=x ~ Foo: 1":                         false,
		"Foo: 1":                                                   false,
	} {
		request := section(later)
		key, ok := AppendLanguageKey(nil, nominated, request, PreferredLanguage(request))
		if got := ok && bytes.Equal(key, filed); got != want {
			t.Errorf("%s: got match %v, want %v", later, got, want)
		}
	}
	for _, several := range []string{"Content-Language: de, en", "Content-Language: de ~ Content-Language: en", "A: b"} {
		if got := ContentLanguage(section(several)); got != nil {
			t.Errorf("%s: got %q, want none", several, got)
		}
	}
	if _, ok := AppendLanguageKey(nil, []byte("foo"), first, []byte("de")); ok {
		t.Error("Accept-Language is not nominated: there is no key by language")
	}
}

// No Accept-Language can be taken for a language key.
func TestLanguageKeyIsItsOwn(t *testing.T) {
	nominated := []byte("accept-language")
	request := section("Accept-Language: de")
	byLanguage, _ := AppendLanguageKey(nil, nominated, request, []byte("de"))
	if bytes.Equal(byLanguage, AppendVariantKey(nil, nominated, request)) {
		t.Error("both keys are equal")
	}
}
