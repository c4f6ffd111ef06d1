package gateway

import (
	"bytes"

	"penstock/exchange"
	"penstock/headers"
	"penstock/upstream"
)

// wait finds a backend that has room for the request. While none has, the request waits in the
// room of its upstream.
func (g *proxy) wait(j *journey) *exchange.Fault {
	t := j.route.choose()
	j.target, j.x.Upstream = t, t.up.name
	t.up.countRequest(j.x.Start)
	w := &j.turn
	w.begin(&t.place, t.up.hashKey(j), &j.out.triedSet)
	w.from, w.safe = exchange.ClientOf(j.x.Client), mayTry(j.request.Method)
	w.entry.Priority = j.route.priority.of(j.x.Trusted, &j.request.Head)
	return findBackend(j)
}

// findBackend finds the backend of the next attempt, and waits for it.
func findBackend(j *journey) *exchange.Fault {
	w, g := &j.turn, j.g
	switch w.next(g.now()) {
	case found:
		return nil
	case full:
		return w.shed(exchange.QueueFull)
	case nobody:
		return w.noBackend(w.at)
	}
	began := w.at
	client := j.out.req.Client // it is watched already between two attempts
	if client == nil && j.stream != nil && !j.route.finish {
		client = j.stream.Watch(j.bound.followed, false)
		defer client.Unwatch()
	}
	if f := w.enter(j.snap.fair.clientOf(j.x.Client, &j.request.Head), patienceOf(j)); f != nil {
		return f
	}
	f := w.await(client, g.stopping, g.now)
	w.at = g.now()
	waited := w.at.Sub(began)
	j.x.Waited += waited
	w.metrics.Waited(waited)
	return f
}

// isSample reports whether the time of an attempt, which has ended in f or in a response, shows
// how busy the backend is.
func isSample(out *outbound, f *exchange.Fault) bool {
	return f == nil && out.attempt.Status < 500 && out.resp.Tunnel == nil && out.req.Body.Stream == nil && !eventStream(&out.resp)
}

// eventStream reports whether the response is a stream of events, whose head may wait for the first.
func eventStream(r *upstream.Response) bool {
	if r.Body == nil {
		return false
	}
	media, _, _ := bytes.Cut(r.Head.Get(headers.ContentType), []byte(";"))
	return headers.SameName(bytes.TrimSpace(media), []byte("text/event-stream"))
}
