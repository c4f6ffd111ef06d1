package gateway

import (
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
	"penstock/metrics"
)

// cacheName is what this cache calls itself in Cache-Status (RFC 9211 §2).
const cacheName = "Penstock"

// cacheRole is the part that the cache has in one request.
type cacheRole uint8

const (
	roleNone    cacheRole = iota // the route does not cache
	rolePass                     // the request goes on as it came; the answer may still be stored
	roleAsk                      // the origin is asked on behalf of the store
	roleHead                     // a HEAD that went on: its answer updates what is stored
	roleChange                   // a method that changes something: what is stored may become invalid
	roleLook                     // the cache only looks on
	roleRefresh                  // nobody waits: what is stored is revalidated behind a stale answer
)

// caching is what the cache knows of one request. It is part of its journey.
type caching struct {
	rule *cacheRule
	role cacheRole
	ask  rfc9111.Request
	now  rfc9111.Instant // the present, as of the latest step that took time
	sent rfc9111.Instant // when the origin was asked
	tick uint64          // the store's purge clock at that time

	base, key cache.Key // key is that of the variant, once a vary record is known; else base
	entryKey  cache.Key // under which entry was found
	record    uint64    // id of the vary record; zero for none
	variants  uint32    // that it counts
	nominated []byte    // what the vary record lists
	values    []byte    // this request's values of it
	entry     *cache.Entry
	meta      rfc9111.Meta
	decision  rfc9111.Decision
	found     bool // entry and meta hold a stored response
	validates bool // the origin is asked with the stored validators

	lead     *cache.Leader
	follow   *cache.Follower // whose body is the answer's
	waits    int             // how often it waited for another's fetch before
	body     storedBody
	ranges   rfc9111.Ranges
	told     rfc9111.Handling
	hashText [16]byte // of told.Key
	outcome  exchange.CacheOutcome
	judged   bool // an answer of the origin was judged
	handing  bool // its body, size bytes, shall go on in a fetch: see handOver
	size     int64
	writer   *cache.Writer
	refusal  rfc9111.Refusal
	lost     cache.Refusal // why the store itself did not take it

	asked    requestFields
	answered receivedFields
	stored   rfc9111.Lines

	keyBuf, variantBuf, languageBuf []byte
	fields, metaBuf, scratch        []byte
	tags                            [][]byte
}

// reset gives back what the request held. A fetch that others follow and that
// nobody ended fails.
func (c *caching) reset() {
	if c.lead != nil {
		c.lead.Abandon()
	}
	if c.writer != nil {
		cache.ReleaseWriter(c.writer)
	}
	if c.follow != nil {
		c.follow.Leave()
	}
	if c.entry != nil {
		cache.ReleaseEntry(c.entry)
	}
	c.body.reset()
	clear(c.tags)
	*c = caching{
		ranges: c.ranges, body: c.body, tags: c.tags[:0],
		keyBuf: trim(c.keyBuf), variantBuf: trim(c.variantBuf), languageBuf: trim(c.languageBuf),
		nominated: trim(c.nominated), values: trim(c.values),
		fields: trim(c.fields), metaBuf: trim(c.metaBuf), scratch: trim(c.scratch),
	}
}

// instant is the present, by the clock that stored responses age by.
func (g *proxy) instant() rfc9111.Instant {
	if g.clock != nil {
		return rfc9111.At(g.clock())
	}
	return rfc9111.At(time.Now())
}

// requestFields are a request's fields as the cache may believe them: as received,
// without those that are replaced on the way because the client is not trusted.
type requestFields struct {
	block   *headers.Block
	trusted bool
}

// Next implements rfc9111.Fields.
func (r *requestFields) Next(pos int) (name, value []byte, next int) {
	for pos < len(r.block.Fields) {
		f := &r.block.Fields[pos]
		pos++
		if !f.Drop && !f.Ours && (r.trusted || !forwardedField(f.ID)) {
			return f.Name, f.Value, pos
		}
	}
	return nil, nil, -1
}

// forwardedField reports whether a field tells of earlier hops, which only trusted
// peers may.
func forwardedField(id headers.ID) bool {
	switch id {
	case headers.XForwarded, headers.XForwardedFor, headers.XForwardedProto, headers.XForwardedHost,
		headers.XForwardedPort, headers.Forwarded, headers.XRealIP:
		return true
	}
	return false
}

// receivedFields are an answer's fields as they came, whatever was dropped since.
type receivedFields struct{ block *headers.Block }

// Next implements rfc9111.Fields.
func (r *receivedFields) Next(pos int) (name, value []byte, next int) {
	for pos < len(r.block.Fields) {
		f := &r.block.Fields[pos]
		pos++
		if !f.Ours {
			return f.Name, f.Value, pos
		}
	}
	return nil, nil, -1
}

// hop is a detail that makes two requests for one URL different: through which
// scheme and under which name a trusted proxy was asked.
func (j *journey) hop() (scheme, name []byte) {
	if !j.x.Trusted {
		return j.snap.http, nil
	}
	scheme = j.snap.http
	if proto := j.request.Head.Get(headers.XForwardedProto); headers.SameName(proto, j.snap.https) {
		scheme = j.snap.https
	}
	return scheme, j.request.Head.Get(headers.XForwardedHost)
}

// appendCacheStatus appends the line that tells what the cache did (RFC 9211),
// behind those of caches nearer to the origin.
func (j *journey) appendCacheStatus(dst []byte) []byte {
	c := &j.cache
	if c.role == roleNone || !j.snap.cacheStatus {
		return dst
	}
	if c.role != roleLook {
		c.told.Key = c.hash(c.hashText[:0])
	}
	dst = append(dst, "Cache-Status: "...)
	dst = c.told.Append(dst, cacheName)
	return append(dst, "\r\n"...)
}

// onRecord notes for metrics and log what the cache did.
func (c *caching) onRecord(x *exchange.Exchange) {
	if c.role == roleNone {
		return
	}
	x.Cache = exchange.Cached{Outcome: c.outcome, Forward: uint8(c.told.Forward), Judged: c.judged, Refusal: c.refused()}
}

// refused is the number of why the answer was not stored, of those that refusalNames
// lists: what the rules say comes first, then what the store says.
func (c *caching) refused() uint8 {
	if c.refusal == rfc9111.Storable && c.lost != cache.Stored {
		return uint8(rfc9111.Refusals()) + uint8(c.lost) - 1
	}
	return uint8(c.refusal)
}

// cacheNames lists the names of what onRecord notes as numbers.
func cacheNames() (names metrics.CacheNames) {
	for i := range rfc9111.Forwards() {
		names.Forwards = append(names.Forwards, rfc9111.Forward(i).String())
	}
	names.Refusals = append(names.Refusals, cache.Stored.String())
	for i := 1; i < rfc9111.Refusals(); i++ {
		names.Refusals = append(names.Refusals, rfc9111.Refusal(i).String())
	}
	for r := cache.Stored + 1; r <= cache.Ended; r++ {
		names.Refusals = append(names.Refusals, r.String())
	}
	return names
}

// lifetimes fills the times of a stored entry, by which the store knows whether it
// is still of use.
func lifetimes(h *cache.Head, m *rfc9111.Meta, p *rfc9111.Policy) {
	or := func(named, ours time.Duration) time.Duration {
		if named == rfc9111.Unnamed {
			return ours
		}
		return named
	}
	end := m.Born.Add(m.Lifetime)
	h.Created, h.Expires = int64(m.Received), int64(end)
	h.StaleRevalidate = int64(end.Add(or(m.StaleWhileRevalidate, p.StaleWhileRevalidate)))
	h.StaleError = int64(end.Add(or(m.StaleIfError, max(p.StaleUnreachable, p.StaleServerError))))
	h.Status = uint16(m.Status)
}
