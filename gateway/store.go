package gateway

import (
	"bytes"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// keep gives the cache its part of what the origin answered, or failed to answer: it
// stores, updates, throws away. It returns true when it answered the client itself,
// with what is stored; else the answer in j.out.resp, or f, goes on to the client.
func (g *proxy) keep(j *journey, f *exchange.Fault) (answered bool) {
	c := &j.cache
	switch c.role {
	case roleNone, roleLook:
		return false
	case roleChange:
		g.keepChange(j, f)
		return false
	}
	c.told.Status = j.out.resp.Status
	switch {
	case f != nil:
		c.endLead(f)
		return g.standIn(j, rfc9111.Unreachable, 0)
	case rfc9111.IsServerError(j.out.resp.Status):
		if status := j.out.resp.Status; g.standIn(j, rfc9111.ServerError, status) {
			c.endLead(errServerError)
			return true
		}
	case c.role == roleHead:
		g.keepHead(j)
		return false
	case j.out.resp.Status == statusNotModified && c.validates:
		return g.confirm(j)
	}
	if c.role == roleHead {
		return false
	}
	return g.judge(j)
}

// endLead tells the followers that the fetch failed.
func (c *caching) endLead(err error) {
	if c.lead != nil {
		c.lead.Fail(err)
		c.lead = nil
	}
}

// judge decides whether the answer is stored, and stores it. A body that still comes
// goes on in a fetch of its own, so that no client holds it up: the client of this
// journey follows it like the others.
func (g *proxy) judge(j *journey) (answered bool) {
	c, r := &j.cache, &j.out.resp
	response := g.readAnswer(j, r.Status, &c.answered)
	c.refusal = rfc9111.MayStore(&c.ask, &response, &c.rule.policy)
	if c.role == roleRefresh || c.role == roleAsk && c.refusal == rfc9111.RangeRequest { // the whole was asked for
		c.refusal = rfc9111.MayKeep(&c.ask, &response, &c.rule.policy)
	}
	if c.role == roleAsk && r.Status == statusNotModified && c.ask.Conditional() {
		return g.refuseUnasked(j)
	}
	if c.refusal == rfc9111.Storable && !g.selects(j) {
		c.refusal = rfc9111.VaryStar
	}
	if c.refusal == rfc9111.Storable && r.Framing.Kind == headers.Sized && r.Framing.Length > c.rule.maxObject {
		c.lost = cache.TooLarge
	}
	if c.refusal != rfc9111.Storable || c.lost != cache.Stored {
		g.decline(j, true)
		return false
	}
	j.take(&response)
	c.found = false
	if r.Body == nil {
		g.storeWhole(j)
	} else if !g.storeStream(j) {
		return false
	}
	g.store.Pass(c.key, 0)
	if c.role == roleAsk && c.ask.Conditional() && c.ask.NotModified(&c.meta, &c.stored) {
		return g.answerUnmodified(j)
	}
	return false
}

// refuseUnasked answers in the place of a 304 that nobody asked the origin for: its
// client holds something that the origin was not asked about, and would take it for
// valid.
func (g *proxy) refuseUnasked(j *journey) (answered bool) {
	f := &exchange.Fault{Kind: exchange.HTTPProtocolError, Source: exchange.Upstream, Begun: true}
	j.cache.endLead(f)
	g.fail(j, f)
	return true
}

// readAnswer reads what the rules need of an answer that has just come.
func (g *proxy) readAnswer(j *journey, status int, fields rfc9111.Fields) rfc9111.Response {
	c := &j.cache
	c.judged, c.now = true, g.instant()
	return rfc9111.ReadResponse(status, fields, rfc9111.Times{Sent: c.sent, Received: c.now}, &c.rule.policy)
}

// take makes the numbers and the field lines that are stored of the answer.
func (j *journey) take(response *rfc9111.Response) {
	c := &j.cache
	c.meta = rfc9111.NewMeta(response, &c.rule.policy)
	c.fields = response.AppendStored(c.fields[:0], &c.answered)
	c.dropOwn(j.snap.requestID)
	c.stored = c.fields
}

// decline lets the answer go to its client alone. With pass the key is remembered as
// one whose answers are not shared.
func (g *proxy) decline(j *journey, pass bool) {
	c := &j.cache
	switch {
	case c.refusal != rfc9111.Storable:
		c.told.Detail = c.refusal.String()
	case c.lost != cache.Stored:
		c.told.Detail = c.lost.String()
	}
	if c.found && !rfc9111.IsServerError(j.out.resp.Status) && c.role != rolePass {
		g.store.Delete(c.entryKey) // the origin has another answer now
	}
	if c.lead != nil {
		if pass {
			g.store.Pass(c.key, passTime)
		}
		c.lead.Decline()
		c.lead = nil
	}
}

// selects finds the key of the answer's variant. It is false when the answer can be
// for this one request only.
func (g *proxy) selects(j *journey) bool {
	c := &j.cache
	names, variance := rfc9111.AppendVary(c.scratch[:0], &c.answered)
	c.scratch = names
	switch {
	case variance == rfc9111.VariesOnAll:
		return false
	case variance == rfc9111.VariesNot:
		names = nil
	}
	if c.record != 0 { // what selected a variant before goes on selecting
		names = c.union(names)
		if bytes.Equal(names, c.nominated) && g.joinsVariants(c) {
			return true
		}
	}
	if len(names) == 0 {
		c.nominated, c.values = c.nominated[:0], c.values[:0]
		return true
	}
	if varyOn(names, j.snap.perRequest) {
		return false
	}
	c.nominated = append(c.nominated[:0], names...)
	record, refusal := g.store.PutVariant(c.base, c.recordFill(1))
	if refusal != cache.Stored {
		return false
	}
	c.record = record
	c.values = rfc9111.AppendVariantKey(c.values[:0], c.nominated, &c.asked)
	c.key = g.store.Variant(c.variantBuf, c.base, record, c.values)
	c.variantBuf = c.key.Bytes()
	return true
}

// recordFill describes a vary record that counts so many variants.
func (c *caching) recordFill(variants uint32) *cache.Fill {
	return &cache.Fill{Head: cache.Head{Created: int64(c.sent), Seen: c.tick, Flags: variants}, Meta: c.nominated}
}

// joinsVariants counts the answer among the variants of its URL. It is false when
// there are as many as the route allows: then all of them give way, because nobody
// knows which of them is still asked for.
func (g *proxy) joinsVariants(c *caching) bool {
	if c.found {
		return true // it replaces one
	}
	if int(c.variants) >= c.rule.maxVariants {
		return false
	}
	record := cache.Entry{Head: cache.Head{Kind: cache.Variant, ID: c.record}}
	g.store.Update(&record, c.base, c.recordFill(c.variants+1))
	return true
}

// union returns what the vary record lists together with names.
func (c *caching) union(names []byte) []byte {
	both := append([]byte("Vary: "), c.nominated...)
	both = append(append(both, ','), names...)
	lines := rfc9111.Lines(append(both, "\r\n"...))
	out, _ := rfc9111.AppendVary(nil, &lines)
	return out
}

// dropOwn takes out of what is stored the fields that each answer has of its own: the
// request's id, and the length, which is that of the stored body.
func (c *caching) dropOwn(id []byte) { c.drop(id, []byte("content-length")) }

// drop takes two fields out of c.fields; a nil name is none.
func (c *caching) drop(a, b []byte) {
	kept := c.fields[:0]
	for rest := c.fields; len(rest) > 0; {
		line, behind, _ := bytes.Cut(rest, []byte("\r\n"))
		name, _, _ := bytes.Cut(line, []byte(":"))
		if !headers.SameName(name, a) && !headers.SameName(name, b) {
			kept = append(append(kept, line...), "\r\n"...)
		}
		rest = behind
	}
	c.fields = kept
}

// newFill describes the entry that is stored.
func (j *journey) newFill(size int64) cache.Fill {
	c := &j.cache
	c.metaBuf = c.meta.Append(c.metaBuf[:0])
	fill := cache.Fill{Meta: c.metaBuf, Fields: c.fields, Size: size, Tags: c.readTags()}
	if c.record != 0 {
		fill.Asked = c.base.Hash()
	}
	lifetimes(&fill.Head, &c.meta, &c.rule.policy)
	fill.Seen = c.tick
	return fill
}

// readTags reads the answer's tags: separated by white space or commas.
func (c *caching) readTags() [][]byte {
	c.tags = c.tags[:0]
	if c.rule.tags == nil {
		return nil
	}
	for name, value, pos := c.stored.Next(0); pos >= 0; name, value, pos = c.stored.Next(pos) {
		if headers.SameName(name, c.rule.tags) {
			for tag := range bytes.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
				c.tags = append(c.tags, tag)
			}
		}
	}
	return c.tags
}

// storeWhole stores an answer whose body is at hand, and hands it to the followers.
func (g *proxy) storeWhole(j *journey) {
	c := &j.cache
	fill := j.newFill(int64(len(j.out.resp.Buffered)))
	c.noteStored(g.store.Put(c.key, &fill, j.out.resp.Buffered))
	if c.told.Stored {
		j.route.metrics.Filled(g.now().Sub(j.out.attempt.Start))
	}
	g.fileLanguage(j, &fill)
	if c.lead == nil {
		return
	}
	c.announce(int64(len(j.out.resp.Buffered)), nil)
	c.lead.Write(j.out.resp.Buffered)
	c.lead.Finish()
	c.lead = nil
}

// fileLanguage files an answer in one language also for those who want that language
// most, however they say it.
func (g *proxy) fileLanguage(j *journey, fill *cache.Fill) {
	c := &j.cache
	if c.record == 0 {
		return
	}
	values, ok := rfc9111.AppendLanguageKey(c.scratch[:0], c.nominated, &c.asked, rfc9111.ContentLanguage(&c.stored))
	if c.scratch = values; !ok {
		return
	}
	key := g.store.Variant(c.languageBuf, c.base, c.record, values)
	c.languageBuf = key.Bytes()
	g.store.Put(key, fill, j.out.resp.Buffered)
}

// noteStored notes what became of an answer that might be stored.
func (c *caching) noteStored(r cache.Refusal) {
	c.lost = r
	c.told.Stored = r == cache.Stored
	if c.told.Stored {
		c.told.Timed, c.told.TTL = true, c.meta.Lifetime-c.meta.Age(c.meta.Received)
	} else {
		c.told.Detail = r.String()
	}
}

// announce tells the followers that an answer for them begins.
func (c *caching) announce(size int64, w *cache.Writer) {
	c.scratch = c.appendAnnounced(c.scratch[:0])
	c.lead.Announce(&cache.Response{Status: uint16(c.meta.Status), Size: size, Meta: c.scratch, Fields: c.fields}, w)
}

// answerUnmodified answers the client's own condition, which the origin was not
// asked, from what has just come.
func (g *proxy) answerUnmodified(j *journey) bool {
	c := &j.cache
	if c.handing {
		g.fetches.Go(g.handOver(j).run)
	}
	c.entry.Head = cache.Head{Status: uint16(c.meta.Status), BodySize: -1}
	j.out.resp.Discard()
	g.respondStored(j, statusNotModified)
	return true
}
