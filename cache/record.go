package cache

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// Record is a stored response, or a vary record, in a form that any instance can read.
// Of its Head the caller's block and Kind are encoded, the rest is each store's own. Kind must be
// Whole, or Variant with an empty body.
type Record struct {
	Head
	Key    []byte   // in its portable form
	Tags   [][]byte // for PurgeTag
	Meta   []byte   // opaque
	Fields []byte   // the field lines as they are sent, opaque
	Body   []byte
}

// RecordFault says why bytes are not the record that was asked for. It is a miss. Zero is no
// fault and is never returned.
type RecordFault uint8

// The faults of a record.
const (
	RecordCut      RecordFault = iota + 1 // shorter than any record
	RecordVersion                         // of another version of Penstock
	RecordForged                          // altered, or written with another secret
	RecordOtherKey                        // whole, but filed under another key
	RecordInvalid                         // sealed by us, and yet no record
	recordFaults
)

var recordFaultText = [recordFaults]string{
	RecordCut: "cut", RecordVersion: "other-version", RecordForged: "forged", RecordOtherKey: "other-key", RecordInvalid: "invalid",
}

// String returns the name that metrics and logs use, "" for zero. It panics for a number that is
// no fault.
func (f RecordFault) String() string { return recordFaultText[f] }

// Error makes a fault an error.
func (f RecordFault) Error() string { return "cache: not the record that was asked for: " + f.String() }

// The layout of a record, little endian. The seal covers all that follows it.
const (
	recordVersion = 1
	minSecret     = 16 // bytes

	atSeal           = 0
	atRecordVersion  = 16
	atRecordKind     = 17
	atRecordStatus   = 18
	atRecordFlags    = 20
	atRecordCreated  = 24
	atRecordExpires  = 32
	atRecordStaleRev = 40
	atRecordStaleErr = 48
	atRecordSizes    = 56 // of key, meta and fields, 4 bytes each
	atRecordTags     = 68 // how many, 4 bytes
	recordHeadSize   = 72 // then the key, tags with their lengths in 4 bytes, meta, fields, body
)

// Codec seals records and names keys for a place that instances share. A writer that
// does not know the secret can plant nothing there: ReadRecord refuses a record that
// was not sealed with it. Only NewCodec makes one; the zero value panics. It is safe for
// concurrent use and allocates nothing once its pool is warm.
type Codec struct {
	sums sync.Pool // of *keyedSum
}

// keyedSum is HMAC-SHA-256 with its spare memory.
type keyedSum struct {
	hash.Hash
	buf [sha256.Size]byte
}

// NewCodec makes a codec from a secret of at least 16 bytes, which all instances that
// share records have. It copies the secret; a shorter one is an error and a nil codec.
func NewCodec(secret []byte) (*Codec, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("secret of shared records: got %d bytes, want at least %d", len(secret), minSecret)
	}
	own := slices.Clone(secret)
	return &Codec{sums: sync.Pool{New: func() any { return &keyedSum{Hash: hmac.New(sha256.New, own)} }}}, nil
}

// The purposes of a keyed sum: a sum for one is no sum for another.
const (
	sumOfRecord = 'r'
	sumOfKey    = 'k'
)

// sum returns 128 bits that nobody can calculate without the secret.
func (c *Codec) sum(purpose byte, b []byte) (short [16]byte) {
	h := c.sums.Get().(*keyedSum)
	defer c.sums.Put(h)
	h.Reset()
	h.buf[0] = purpose
	h.Write(h.buf[:1])
	h.Write(b)
	return [16]byte(h.Sum(h.buf[:0]))
}

// KeyID names the portable form of a key in 128 bits, the same in every process with the
// same secret. It is fit for identity.
func (c *Codec) KeyID(portable []byte) [16]byte { return c.sum(sumOfKey, portable) }

// AppendRecord appends the sealed encoding of a record to dst and returns the longer slice. Key,
// meta, fields and each tag must have less than 4 GiB. Nothing is checked: a Kind that Record does
// not allow makes a record that ReadRecord refuses as RecordInvalid.
func (c *Codec) AppendRecord(dst []byte, r *Record) []byte {
	at := len(dst)
	dst = slices.Grow(dst, recordHeadSize+len(r.Key)+len(r.Meta)+len(r.Fields)+len(r.Body))
	dst = dst[:at+recordHeadSize]
	h := dst[at:]
	le := binary.LittleEndian
	h[atRecordVersion], h[atRecordKind] = recordVersion, byte(r.Kind)
	le.PutUint16(h[atRecordStatus:], r.Status)
	le.PutUint32(h[atRecordFlags:], r.Flags)
	le.PutUint64(h[atRecordCreated:], uint64(r.Created))
	le.PutUint64(h[atRecordExpires:], uint64(r.Expires))
	le.PutUint64(h[atRecordStaleRev:], uint64(r.StaleRevalidate))
	le.PutUint64(h[atRecordStaleErr:], uint64(r.StaleError))
	le.PutUint32(h[atRecordSizes:], uint32(len(r.Key)))
	le.PutUint32(h[atRecordSizes+4:], uint32(len(r.Meta)))
	le.PutUint32(h[atRecordSizes+8:], uint32(len(r.Fields)))
	le.PutUint32(h[atRecordTags:], uint32(len(r.Tags)))
	dst = append(dst, r.Key...)
	for _, tag := range r.Tags {
		dst = append(le.AppendUint32(dst, uint32(len(tag))), tag...)
	}
	dst = append(dst, r.Meta...)
	dst = append(dst, r.Fields...)
	dst = append(dst, r.Body...)
	seal := c.sum(sumOfRecord, dst[at+atRecordVersion:])
	copy(dst[at+atSeal:], seal[:])
	return dst
}

// ReadRecord reads the record of a key, given in its portable form, from b. The slices of r
// become views of b, and BodySize is that of Body. The error is a RecordFault or nil; after a
// fault r means nothing.
func (c *Codec) ReadRecord(r *Record, b, portable []byte) error {
	if len(b) <= atRecordVersion {
		return RecordCut
	}
	if b[atRecordVersion] != recordVersion {
		return RecordVersion
	}
	if len(b) < recordHeadSize {
		return RecordCut
	}
	seal := c.sum(sumOfRecord, b[atRecordVersion:])
	if !hmac.Equal(seal[:], b[atSeal:atRecordVersion]) {
		return RecordForged
	}
	if !r.decode(b) {
		return RecordInvalid
	}
	if !bytes.Equal(r.Key, portable) {
		return RecordOtherKey
	}
	return nil
}

// decode reads a record whose seal holds, and reports whether it is one.
func (r *Record) decode(b []byte) bool {
	le := binary.LittleEndian
	r.Head = Head{
		Kind: Kind(b[atRecordKind]), Status: le.Uint16(b[atRecordStatus:]), Flags: le.Uint32(b[atRecordFlags:]),
		Created: int64(word(b[atRecordCreated:])), Expires: int64(word(b[atRecordExpires:])),
		StaleRevalidate: int64(word(b[atRecordStaleRev:])), StaleError: int64(word(b[atRecordStaleErr:])),
	}
	in := partReader{rest: b[recordHeadSize:], ok: true}
	r.Key = in.take(uint64(le.Uint32(b[atRecordSizes:])))
	r.Tags = r.Tags[:0]
	for range le.Uint32(b[atRecordTags:]) {
		size := in.take(4)
		if size == nil {
			return false
		}
		r.Tags = append(r.Tags, in.take(uint64(le.Uint32(size))))
	}
	r.Meta = in.take(uint64(le.Uint32(b[atRecordSizes+4:])))
	r.Fields = in.take(uint64(le.Uint32(b[atRecordSizes+8:])))
	r.Body = in.rest
	r.BodySize = int64(len(r.Body))
	whole := r.Kind == Whole || r.Kind == Variant && len(r.Body) == 0
	return in.ok && whole
}
