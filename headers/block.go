package headers

import "iter"

// Field is one field line. Name and Value are slices of the bytes that the Block
// was parsed from, or of configuration; whoever owns those decides their lifetime.
type Field struct {
	Name  []byte // as received
	Value []byte // without the white space around it
	ID    ID
	Drop  bool // does not travel on
	Ours  bool // put there by the gateway, not received
}

// Block is a field section. The zero value is empty and ready. It is meant to be
// reused: Parse empties it but keeps its storage. It is not safe for concurrent use.
type Block struct {
	Fields    []Field // in the order received, dropped ones too; append only through Add
	MaxFields int     // more make Parse refuse; zero means 256, less no bound; Add is not bounded

	seen    idSet // IDs that occur, dropped or not
	twice   idSet // IDs that occur more than once
	removed idSet // IDs that Edits took out, so that nothing of ours brings them back
}

const defaultMaxFields = 256

// Restore undoes what was dropped and added since Parse (or Settle), so that b can be prepared
// once more, with the same Edits: names that those removed stay noted.
func (b *Block) Restore() {
	kept := b.Fields[:0]
	for _, f := range b.Fields {
		if !f.Ours {
			f.Drop = false
			kept = append(kept, f)
		}
	}
	b.Fields = kept
}

// Settle makes what was dropped and added since Parse count as received: dropped fields are
// gone, and those of the gateway's own are like any other. Restore does not bring them back. The
// framing must have been judged before.
func (b *Block) Settle() {
	kept := b.Fields[:0]
	for _, f := range b.Fields {
		if !f.Drop {
			f.Ours = false
			kept = append(kept, f)
		}
	}
	clear(b.Fields[len(kept):])
	b.Fields, b.seen, b.twice = kept, 0, 0
	for i := range kept {
		b.note(kept[i].ID)
	}
}

// note adds an ID to those that occur.
func (b *Block) note(id ID) {
	b.twice |= b.seen & (1 << id)
	b.seen |= 1 << id
}

// Reset empties b and keeps its storage and MaxFields. It lets go of all bytes
// that the fields pointed to.
func (b *Block) Reset() {
	clear(b.Fields)
	b.Fields, b.seen, b.twice, b.removed = b.Fields[:0], 0, 0, 0
}

// Add appends a field of the gateway's own. It keeps name and value; name must be
// a token (it panics when that is empty), and value free of control characters. A nil value is an
// empty one.
func (b *Block) Add(name, value []byte) {
	f := b.next(IDOf(name))
	if value == nil {
		value = []byte{}
	}
	f.Name, f.Value, f.Ours = name, value, true
}

// next appends a field with this ID for the caller to give name and value. The
// pointer is valid until the next field is appended.
func (b *Block) next(id ID) *Field {
	n := len(b.Fields)
	if n < cap(b.Fields) {
		b.Fields = b.Fields[:n+1]
	} else {
		b.Fields = append(b.Fields, Field{})
	}
	b.note(id)
	f := &b.Fields[n]
	f.ID, f.Drop, f.Ours = id, false, false
	return f
}

// Get returns the value of the first kept field with this ID, nil when there is
// none: kept is what is not dropped. An empty value is empty but not nil. It is a slice of the
// field, not a copy.
func (b *Block) Get(id ID) []byte {
	if b.seen.has(id) {
		for i := range b.Fields {
			if f := &b.Fields[i]; f.ID == id && !f.Drop {
				return f.Value
			}
		}
	}
	return nil
}

// Lookup returns the value of the first kept field of that name in any case, nil
// when there is none. An empty value is empty but not nil. It is a slice of the field, not a copy.
func (b *Block) Lookup(name []byte) []byte {
	for i := range b.Fields {
		if f := &b.Fields[i]; !f.Drop && SameName(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

// Has reports whether a kept field with this ID exists.
func (b *Block) Has(id ID) bool { return b.Get(id) != nil }

// Count returns how many kept fields have this ID.
func (b *Block) Count(id ID) (n int) {
	for range b.All(id) {
		n++
	}
	return n
}

// All yields the values of the kept fields with this ID, in order; nothing when there are none.
// No field may be added meanwhile.
func (b *Block) All(id ID) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !b.seen.has(id) {
			return
		}
		for i := range b.Fields {
			if f := &b.Fields[i]; f.ID == id && !f.Drop && !yield(f.Value) {
				return
			}
		}
	}
}

// Repeated returns the first known field, in the order of the IDs, that a request may carry only
// once but that was received more often, dropped or not (RFC 9110 §5.3); Other when there is
// none. These are Host, Content-Length, Content-Type, User-Agent, Authorization, Range, If-Range,
// If-Modified-Since and If-Unmodified-Since. It is for the time before fields are added.
func (b *Block) Repeated() ID {
	if b.twice&singletons != 0 {
		for id := Host; id < idCount; id++ {
			if (b.twice & singletons).has(id) {
				return id
			}
		}
	}
	return Other
}

// Drop marks every received field with this ID, so that it does not travel on; those of the
// gateway's own stay. Other marks all fields whose names are not known.
func (b *Block) Drop(id ID) { b.dropAll(1 << id) }

func (b *Block) dropAll(set idSet) {
	if b.seen&set == 0 {
		return
	}
	for i := range b.Fields {
		if f := &b.Fields[i]; set.has(f.ID) && !f.Ours {
			f.Drop = true
		}
	}
}

// DropNamed marks every field of that name, in any case, also those of the gateway's own.
func (b *Block) DropNamed(name []byte) {
	for i := range b.Fields {
		if SameName(b.Fields[i].Name, name) {
			b.Fields[i].Drop = true
		}
	}
}

// CopyFrom makes b a copy of other, dropped fields included. The fields are views of the same
// bytes; dropping or adding one changes b alone.
func (b *Block) CopyFrom(other *Block) {
	b.Fields = append(b.Fields[:0], other.Fields...)
	b.MaxFields, b.seen, b.twice, b.removed = other.MaxFields, other.seen, other.twice, other.removed
}

// Append appends the kept fields as field lines to dst and returns the longer
// slice: in order, names and values byte for byte, one space after the colon, and
// no empty line at the end.
func (b *Block) Append(dst []byte) []byte {
	for i := range b.Fields {
		if f := &b.Fields[i]; !f.Drop {
			dst = appendField(dst, f.Name, f.Value)
		}
	}
	return dst
}

func appendField(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
