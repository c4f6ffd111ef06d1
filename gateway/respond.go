package gateway

import (
	"penstock/conn"
	"penstock/headers"
	"penstock/response"
)

// respond sends the backend's response to the client: a body that is at hand as a whole, any
// other as it arrives.
func (g *proxy) respond(j *journey) {
	r, out := &j.response, &j.out.resp
	if out.Uploading() || out.UploadCut || j.stream.BodyUnread() { // in this order: an upload reads what BodyUnread looks at
		r.CloseAfter()
	}
	r.Begin(out.Status, out.Reason)
	r.SetFields(j.appendProxied(r.Fields[:0], j.common()))
	switch {
	case out.Framing.Kind == headers.NoBody:
		r.SetLength(out.Framing.Length) // a response to HEAD and a 304 may state one
	case out.Body == nil:
		r.SetBody(out.Buffered)
	case j.cache.StreamFill(r):
	default:
		j.streamProxied()
	}
	g.send(j)
}

// send gives the response to the client's protocol and records its status and size. The
// response may not be written yet when send returns.
func (g *proxy) send(j *journey) {
	r := &j.response
	j.x.Status = r.Status
	if r.Stream == nil {
		j.x.Sent = int64(len(r.Body))
	} else {
		j.taken.holdSlow(j.stream.Pace(), g.slow)
	}
	idle := j.snap.limits.client.BodyIdle
	if j.route != nil {
		idle = j.route.times.BodyIdle
		r.SetRate(j.route.times.BodyRate)
	}
	r.SetIdle(idle)
	j.stream.Send(r)
}

// common is what every response to the request carries, whoever made it.
func (j *journey) common() response.Common {
	c := response.Common{ID: j.x.ID(), Now: j.g.clock}
	if len(c.ID) > 0 {
		c.IDName = j.snap.requestID
	}
	if j.route != nil && j.route.plan != nil && j.route.plan.EditsFields() && !j.bare {
		c.Edits = j
	}
	return c
}

// appendProxied appends the fields of the backend's response as the client gets them, with
// those of c.
func (j *journey) appendProxied(dst []byte, c response.Common) []byte {
	head := &j.out.resp.Head
	announced := j.announced(head)
	head.DropHopByHop()
	dst = j.cache.AppendStatus(c.Append(dst, head))
	if announced {
		dst = append(dst, "Trailer: "...)
		for i, name := range j.proxied.names {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, name...)
		}
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// passInterim sends a 102 or 103 on to the client at once (RFC 9110 §15.2).
func (j *journey) passInterim(status int, b *headers.Block) {
	b.DropHopByHop()
	j.text = b.Append(j.text[:0])
	j.stream.Interim(status, j.text, j.route.times.BodyIdle)
}

// proxiedBody is a backend's body on its way to the client.
type proxiedBody struct {
	j        *journey
	names    [][]byte        // of the trailer fields that were announced and may pass
	trailers []byte          // their field lines, once the body has ended
	client   *conn.Departure // nil while the client is not watched
}

// unwatch ends what streamProxied began.
func (p *proxiedBody) unwatch() {
	if p.client != nil {
		p.client.Unwatch()
		p.client = nil
	}
}

func (p *proxiedBody) reset() {
	p.unwatch()
	clear(p.names)
	p.names, p.trailers = p.names[:0], trim(p.trailers)
}

// announced notes the trailer fields that the backend announces and the route lets pass. It
// is false when there are none, or when the body will not be sent in chunks.
func (j *journey) announced(head *headers.Block) bool {
	p, out := &j.proxied, &j.out.resp
	p.names = p.names[:0]
	if len(j.route.trailers) == 0 || out.Body == nil || j.cache.Detaches() || out.Framing.Kind == headers.Sized || !j.request.Version.Streams() {
		return false
	}
	for value := range head.All(headers.Trailer) {
		for name := range headers.List(value) {
			if listed(name, j.route.trailers) && headers.TrailerAllowed(name) {
				p.names = append(p.names, name)
			}
		}
	}
	return len(p.names) > 0
}

// streamProxied makes the backend's body that of the response.
func (j *journey) streamProxied() {
	body := j.out.resp.Body
	body.Idle = j.route.times.BodyIdle
	if len(j.proxied.names) > 0 {
		body.OnTrailers = j.keepTrailers
	}
	length := int64(-1)
	if j.out.resp.Framing.Kind == headers.Sized {
		length = j.out.resp.Framing.Length
	} else if !j.route.finish { // it may be an event stream, and quiet for long
		j.proxied.client = j.stream.Watch(nil, true)
		body.Client = j.proxied.client
	}
	j.response.SetStream(&j.proxied, length)
}

// keepTrailers keeps those trailer fields of the backend that the route lets pass.
func (j *journey) keepTrailers(b *headers.Block) {
	for i := range b.Fields {
		if f := &b.Fields[i]; listed(f.Name, j.route.trailers) && headers.TrailerAllowed(f.Name) {
			j.proxied.trailers = response.AppendField(j.proxied.trailers, f.Name, f.Value)
		}
	}
}

// Transfer implements response.Stream.
func (p *proxiedBody) Transfer(to response.Sink) error { return p.j.out.resp.Body.Transfer(to) }

// Trailers implements response.Stream.
func (p *proxiedBody) Trailers() []byte { return p.trailers }

// CloseWithError implements response.Stream.
func (p *proxiedBody) CloseWithError(err error) error {
	p.unwatch()
	return p.j.out.resp.Body.CloseWithError(err)
}
