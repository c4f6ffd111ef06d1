package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

const (
	guardSize = 8
	maxRawKey = 1024 // a longer key is replaced by its digest
)

// The tweaks of the store's hashes.
const (
	tweakGuard uint64 = iota + 1
	tweakEntry
	tweakSegment
	tweakHost
	tweakURL
	tweakURLMore
	tweakURLRecord
	tweakPrefix
	tweakTag
)

// The marks that begin the parts of a key.
const (
	markMethod  = 'm'
	markScheme  = 's'
	markHost    = 'h'
	markPath    = 'p'
	markQuery   = 'q'
	markHeader  = 'f'
	markCookie  = 'c'
	markVariant = 'v'
	markDigest  = 'd'
)

// Key names an entry. It is made by a KeyBuilder and is a view of the builder's
// buffer: valid until that is written again. Only the store that made it knows it, except for the
// portable form. The zero Key is invalid: its Bytes is nil, and calls of the store with it panic.
//
// Its first eight bytes are the guard, a keyed hash of all that follows. They
// are why nobody can craft two keys that meet in fastcache, whose hash has no
// seed: a fixed secret prefix would not do, because differences that cancel out
// in xxhash do so after any prefix.
type Key struct {
	raw               []byte // what the store files the entry under
	parts             []byte // guard and all parts, also when raw is a digest
	urlAt             int    // the URL, from the host's mark to queryEnd
	hostAt, hostEnd   int
	pathAt, pathEnd   int
	queryAt, queryEnd int // with mark and length
	baseEnd           int // of the parts that are not a variant's own
}

// Hash returns 64 bits that stand for the key, unpredictable from outside and the same until the
// store is made anew or loaded. They are fit for a Cache-Status key and for maps, not for
// identity.
func (k Key) Hash() uint64 { return word(k.raw) }

// Host returns the host as it is keyed: lower case, without a default port. It is a view.
func (k Key) Host() []byte { return k.parts[k.hostAt:k.hostEnd] }

// Clone returns the key with memory of its own, for those who keep it.
func (k Key) Clone() Key { return k.clone(nil) }

// Path returns the path as it is keyed. It is a view.
func (k Key) Path() []byte { return k.parts[k.pathAt:k.pathEnd] }

// KeyBuilder appends the parts of a key to a buffer. Each part is written with
// a mark and its length, so none can slide into the next. Get one from
// Store.NewKey, call URL once, then Header and Cookie in a fixed order, then
// Key. It allocates nothing but what the buffer lacks. The zero value panics in Key.
type KeyBuilder struct {
	secret *secret
	key    Key
}

// URL is what every key begins with.
type URL struct {
	Method   []byte     // GET, HEAD and an empty one are one class, each other is a class of its own
	Scheme   []byte     // "http" or "https"
	Host     []byte     // uri-host and port, any case
	Path     []byte     // normalised by the caller
	Query    []byte     // raw, without '?'; not read unless HasQuery is set
	HasQuery bool       // there was a '?': "/a?" is not "/a"
	Rule     *QueryRule // shapes the query; nil takes it as it came
}

// URL appends method class, scheme, host in lower case without the default port of the scheme,
// path, and the query as the rule shapes it. It checks nothing and copies all of u.
func (b *KeyBuilder) URL(u *URL) {
	k := &b.key
	method := u.Method
	if string(method) == "GET" || string(method) == "HEAD" {
		method = nil
	}
	k.parts = appendPart(k.parts, markMethod, method)
	k.parts = appendPart(k.parts, markScheme, u.Scheme)

	host := u.Host
	switch {
	case string(u.Scheme) == "http":
		host = bytes.TrimSuffix(host, []byte(":80"))
	case string(u.Scheme) == "https":
		host = bytes.TrimSuffix(host, []byte(":443"))
	}
	k.urlAt = len(k.parts)
	k.parts = appendPart(k.parts, markHost, host)
	k.hostAt, k.hostEnd = len(k.parts)-len(host), len(k.parts)
	lower(k.parts[k.hostAt:])

	k.parts = appendPart(k.parts, markPath, u.Path)
	k.pathAt, k.pathEnd = len(k.parts)-len(u.Path), len(k.parts)

	k.queryAt, k.queryEnd = len(k.parts), len(k.parts)
	if u.HasQuery && u.Rule.Mode() != QueryNone {
		b.query(u)
	}
}

// query appends the shaped query. Its length is known only afterwards, so it is
// written after a length of fixed size.
func (b *KeyBuilder) query(u *URL) {
	k := &b.key
	k.parts = append(k.parts, markQuery, 0, 0, 0, 0)
	at := len(k.parts)
	k.parts = u.Rule.Append(k.parts, u.Query)
	if len(k.parts) == at && u.Rule.Mode() != QueryAll {
		k.parts = k.parts[:at-5] // nothing that counts is like no query
		return
	}
	binary.LittleEndian.PutUint32(k.parts[at-4:], uint32(len(k.parts)-at))
	k.queryAt, k.queryEnd = at-5, len(k.parts)
}

// Header appends a listed request header. The caller joins several lines and gives the name in
// one case. Without present, value is ignored: a header that is missing is not one that is empty.
func (b *KeyBuilder) Header(name string, value []byte, present bool) {
	b.field(markHeader, name, value, present)
}

// Cookie appends a listed cookie of the request; without present, value is ignored. A cookie is
// never a header of the same name.
func (b *KeyBuilder) Cookie(name string, value []byte, present bool) {
	b.field(markCookie, name, value, present)
}

func (b *KeyBuilder) field(mark byte, name string, value []byte, present bool) {
	k := &b.key
	k.parts = append(k.parts, mark)
	k.parts = binary.AppendUvarint(k.parts, uint64(len(name)))
	k.parts = append(k.parts, name...)
	if present {
		k.parts = appendPart(k.parts, 1, value)
	} else {
		k.parts = append(k.parts, 0)
	}
}

// Key ends the key and returns it, a view of the builder's buffer. The builder may not be used
// again.
func (b *KeyBuilder) Key() Key {
	b.key.baseEnd = len(b.key.parts)
	b.key.seal(b.secret)
	return b.key
}

// Bytes returns the buffer that holds the key, for reuse once the key is no
// longer needed.
func (k Key) Bytes() []byte { return k.parts }

// seal writes the guard and chooses between the parts and their digest.
func (k *Key) seal(s *secret) {
	guard := s.sum(tweakGuard, k.parts[guardSize:])
	binary.LittleEndian.PutUint64(k.parts, guard)
	k.raw = k.parts
	if len(k.parts) <= maxRawKey {
		return
	}
	digest := sha256.Sum256(k.parts)
	end := len(k.parts)
	long := append(k.parts, k.parts[:guardSize]...)
	long = append(long, markDigest)
	long = append(long, digest[:]...)
	k.parts, k.raw = long[:end], long[end:]
}

// clone copies a key into its own memory, for those that outlive a request.
func (k Key) clone(dst []byte) Key {
	long := len(k.raw) != len(k.parts)
	dst = append(dst[:0], k.parts...)
	end := len(dst)
	if long {
		dst = append(dst, k.raw...)
	}
	k.parts, k.raw = dst[:end], dst[:end]
	if long {
		k.raw = dst[end:]
	}
	return k
}

func appendPart(dst []byte, mark byte, part []byte) []byte {
	dst = append(dst, mark)
	dst = binary.AppendUvarint(dst, uint64(len(part)))
	return append(dst, part...)
}

func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
