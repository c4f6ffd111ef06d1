package upstream

import (
	"runtime"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
)

// wantSilent fails unless the round trip was ended because the backend does not respond.
func wantSilent(t *testing.T, tr *trial) {
	t.Helper()
	if f := tr.fault; f == nil || f.Reason != exchange.BackendSilent || f.Kind != exchange.HTTPResponseTimeout || f.Source != exchange.Upstream {
		t.Errorf("got fault %+v, want that the backend is silent", f)
	}
}

// Waits at a backend can be ended, on a new connection, on a reused one and after an upload.
func TestWaitsCanBeEnded(t *testing.T) {
	arrived, letGo := make(chan struct{}), make(chan struct{})
	defer close(letGo)
	s := newScript(t, func(p *peer) {
		p.head()
		p.say(ok)
		p.head()
		arrived <- struct{}{}
		<-letGo
	}, held(arrived, letGo), func(p *peer) {
		p.head()
		p.take(3)
		arrived <- struct{}{}
		<-letGo
	})
	c := clientOf(t, s)
	mustTry(t, c, request("GET", "/"))
	upload := request("POST", "/")
	upload.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: 3}, Stream: newPipeBody().send(nil, "abc"), Abort: func() {}}
	for _, req := range []*Request{request("GET", "/reused"), request("GET", "/new"), upload} {
		ended := inBackground(t, c, req)
		within(t, "the request", arrived)
		for done := false; !done; { // it may be on its way to the wait
			select {
			case tr := <-ended:
				wantSilent(t, tr)
				done = true
			default:
				c.EndWaits()
				runtime.Gosched()
			}
		}
	}
}

// An attempt that begins its wait just after the waits were ended is ended too, unless it
// was picked after that.
func TestNoWaitBeginsAfterTheEnd(t *testing.T) {
	arrived, letGo := make(chan struct{}, 2), make(chan struct{})
	s := newScript(t, held(arrived, letGo), held(arrived, letGo))
	c := clientOf(t, s)
	c.EndWaits()
	req := request("GET", "/")
	var resp Response
	at := exchange.Attempt{Start: time.Now().Add(-time.Second)}
	wantSilent(t, &trial{fault: c.RoundTrip(req, &resp, &at)})
	close(letGo)
	if tr := mustTry(t, c, request("GET", "/")); tr.resp.Status != 200 {
		t.Errorf("got %d from an attempt that began later", tr.resp.Status)
	}
}

// While a request body is sent, nothing waits for a response.
func TestAnUploadDoesNotWait(t *testing.T) {
	arrived, letGo := make(chan struct{}), make(chan struct{})
	s := newScript(t, func(p *peer) {
		p.head()
		arrived <- struct{}{}
		p.take(3)
		arrived <- struct{}{}
		<-letGo
		p.say(ok)
	})
	c := clientOf(t, s)
	body := newPipeBody()
	req := request("POST", "/")
	req.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: 3}, Stream: body, Abort: func() {}}
	c.backend.Begin()
	ended := inBackground(t, c, req)
	within(t, "the head", arrived)
	for c.backend.Waiting() != 0 { // soon: the body follows the head
		runtime.Gosched()
	}
	body.send(nil, "abc")
	within(t, "the body", arrived)
	for c.backend.Waiting() != 1 { // soon: the end of the stream follows
		runtime.Gosched()
	}
	close(letGo)
	within(t, "the response", ended)
}
