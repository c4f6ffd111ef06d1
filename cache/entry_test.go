package cache

import (
	"bytes"
	"testing"
)

// FuzzEntryRoundTrip holds that what is encoded comes back, and that no byte of
// it can be changed or cut off unseen.
func FuzzEntryRoundTrip(f *testing.F) {
	f.Add([]byte("meta"), []byte("A: b\r\n"), []byte("body"), int64(5), uint16(200), 3, 2)
	f.Add([]byte{}, []byte{}, []byte{}, int64(-1), uint16(0), 0, 0)
	s := newStore(f, Options{Random: seeded(1)})
	f.Fuzz(func(t *testing.T, meta, fields, body []byte, when int64, status uint16, at, cut int) {
		in := Entry{Head: Head{Created: when, Expires: when + 1, StaleRevalidate: when ^ 5, StaleError: -when}}
		in.Status, in.Kind, in.ID, in.guard, in.BodySize = status, Whole, uint64(when), 77, int64(len(body))
		in.Meta, in.Fields, in.Inline = meta, fields, body
		in.labels = labels{host: status, url: 9, prefixes: []byte{1, 2, 3, 4}, tags: []byte{5, 6}}
		value := appendEntry([]byte("before"), &in, &s.ring.secret)[len("before"):]

		out := Entry{buf: bytes.Clone(value)}
		if !out.decode(&s.ring.secret, 77) {
			t.Fatal("what was encoded is refused")
		}
		if out.Head != in.Head || !bytes.Equal(out.Meta, meta) || !bytes.Equal(out.Fields, fields) || !bytes.Equal(out.Inline, body) {
			t.Errorf("got %+v, want %+v", out.Head, in.Head)
		}
		if !bytes.Equal(out.labels.prefixes, in.labels.prefixes) || !bytes.Equal(out.labels.tags, in.labels.tags) {
			t.Errorf("labels: got %+v, want %+v", out.labels, in.labels)
		}
		if out.decode(&s.ring.secret, 78) {
			t.Error("another key's entry was taken")
		}
		out.buf[uint(at)%uint(len(value))] ^= 1 << (uint(cut) % 8)
		if out.decode(&s.ring.secret, 77) {
			t.Errorf("a flipped bit in byte %d was not seen", uint(at)%uint(len(value)))
		}
		out.buf = value[:uint(cut)%uint(len(value))]
		if out.decode(&s.ring.secret, 77) {
			t.Error("an entry cut short was taken")
		}
	})
}

// FuzzEntryDecode fanouts foreign bytes, with a right checksum, so that the
// lengths in them are believed: nothing may be read beyond the end.
func FuzzEntryDecode(f *testing.F) {
	s := newStore(f, Options{Random: seeded(1)})
	f.Add(make([]byte, headSize))
	f.Add(appendEntry(nil, &Entry{Head: Head{Kind: Segments, BodySize: 1 << 40}, Meta: []byte("m")}, &s.ring.secret))
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) >= headSize {
			value = bytes.Clone(value)
			sum := s.ring.secret.sum(tweakEntry, value[atVersion:])
			for i := range 8 {
				value[i] = byte(sum >> (8 * i))
			}
		}
		e := Entry{buf: value}
		guard := uint64(0)
		if len(value) >= headSize {
			guard = word(value[atGuard:])
		}
		if !e.decode(&s.ring.secret, guard) {
			return
		}
		total := headSize + len(e.labels.prefixes) + len(e.labels.tags) + len(e.Meta) + len(e.Fields) + len(e.Inline)
		if total != len(value) {
			t.Errorf("views of %d bytes in an entry of %d", total, len(value))
		}
		again := Entry{buf: appendEntry(nil, &e, &s.ring.secret)}
		if !again.decode(&s.ring.secret, guard) || again.Head != e.Head {
			t.Error("what was decoded does not encode to the same")
		}
	})
}

func TestSegmentsPack(t *testing.T) {
	full := shardHeader + segmentKeySize + segmentSumSize + segmentSize
	if segmentsPerChunk*full >= shardChunk || (segmentsPerChunk+1)*full < shardChunk {
		t.Errorf("%d bytes: not %d a chunk", full, segmentsPerChunk)
	}
	t.Logf("a full segment takes %d bytes, %d a chunk: %.2f%% of it are body", full, segmentsPerChunk,
		100*float64(segmentsPerChunk*segmentSize)/shardChunk)
}
