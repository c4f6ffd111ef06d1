package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The portable form of a key is the same in every process: its parts without
// the guard, which depends on the store's secret, and without the id of a vary
// record, which is random. Instances that share a second tier or purges use it.

// AppendPortable appends the portable form of a key to dst. That of a variant's key is
// the one of its base: see AppendPortableVariant.
func (k Key) AppendPortable(dst []byte) []byte {
	return append(dst, k.parts[guardSize:k.baseEnd]...)
}

// AppendPortableVariant appends the portable form of a variant's key: that of its
// base, the nominated fields and their values, as in the vary record and in Store.Variant. k is
// the key of the base or of any of its variants.
func (k Key) AppendPortableVariant(dst, nominated, values []byte) []byte {
	dst = k.AppendPortable(dst)
	dst = appendPart(dst, markVariant, nominated)
	return appendPart(dst, markVariant, values)
}

// errPortable says that bytes are not the portable form of a key.
var errPortable = errors.New("cache: not the portable form of a key")

// ReadKey makes the key that has this portable form, in memory of its own. It accepts
// what AppendPortable writes. Anything else, such as the form of a variant or another spelling of
// a host or a length, gives an error and the zero Key.
func (s *Store) ReadKey(portable []byte) (Key, error) {
	r := partReader{rest: portable, ok: true}
	u := URL{Method: r.part(markMethod), Scheme: r.part(markScheme), Host: r.part(markHost), Path: r.part(markPath)}
	if u.HasQuery = r.next(markQuery); u.HasQuery {
		u.Query = r.query()
	}
	b := s.NewKey(make([]byte, 0, guardSize+len(portable)))
	b.URL(&u)
	for r.ok && len(r.rest) > 0 {
		r.field(&b)
	}
	if !r.ok {
		return Key{}, errPortable
	}
	k := b.Key()
	if !bytes.Equal(k.parts[guardSize:], portable) {
		return Key{}, errPortable
	}
	return k, nil
}

// partReader reads the parts of a key one by one. Once ok is false it stays so.
type partReader struct {
	rest []byte
	ok   bool
}

// next reports whether the next part has that mark.
func (r *partReader) next(mark byte) bool { return r.ok && len(r.rest) > 0 && r.rest[0] == mark }

// take reads n bytes.
func (r *partReader) take(n uint64) []byte {
	if !r.ok || n > uint64(len(r.rest)) {
		r.ok = false
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// sized reads a length and so many bytes.
func (r *partReader) sized() []byte {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.ok = false
		return nil
	}
	r.take(uint64(used))
	return r.take(n)
}

func (r *partReader) part(mark byte) []byte {
	if !r.next(mark) {
		r.ok = false
		return nil
	}
	r.take(1)
	return r.sized()
}

// query reads a query, whose length has four bytes.
func (r *partReader) query() []byte {
	head := r.take(5)
	if head == nil {
		return nil
	}
	return r.take(uint64(binary.LittleEndian.Uint32(head[1:])))
}

// field reads a listed header or cookie into a key that is being built.
func (r *partReader) field(to *KeyBuilder) {
	mark := r.take(1)[0]
	name := string(r.sized())
	switch {
	case mark != markHeader && mark != markCookie:
		r.ok = false
	case r.next(0):
		r.take(1)
		to.field(mark, name, nil, false)
	default:
		to.field(mark, name, r.part(1), true)
	}
}
