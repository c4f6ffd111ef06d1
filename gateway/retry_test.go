package gateway

import (
	"testing"
	"time"

	"penstock/exchange"
)

func TestJudge(t *testing.T) {
	standard := retryRule{times: 1, connect: true, reset: true, methods: []string{"GET"}}
	onStatus := retryRule{times: 1}
	onStatus.status.Add(503, 503)
	get := traits{safe: true, listed: true, replayable: true}
	post := traits{replayable: true}
	refused := &exchange.Fault{Kind: exchange.ConnectionRefused, Source: exchange.Upstream}
	reset := &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true}
	stale := &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true, Reused: true}
	begun := &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true, Begun: true}
	silent := &exchange.Fault{Kind: exchange.HTTPResponseTimeout, Reason: exchange.BackendSilent, Source: exchange.Upstream, Wrote: true}
	slow := &exchange.Fault{Kind: exchange.HTTPResponseTimeout, Reason: exchange.FirstByteTimeout, Source: exchange.Upstream, Wrote: true}

	for _, tc := range []struct {
		name   string
		fault  *exchange.Fault
		status int
		traits traits
		rule   retryRule
		left   int
		want   verdict
	}{
		{"a good answer is final", nil, 200, get, standard, 1, giveUp},
		{"a 503 is final unless the rule names it", nil, 503, get, standard, 1, giveUp},
		{"a named status is asked for again", nil, 503, get, onStatus, 1, retry},
		{"a named status of a POST is final (RFC 9110 §9.2.2)", nil, 503, post, onStatus, 1, giveUp},
		{"nothing was sent: even a POST goes elsewhere", refused, 0, post, standard, 1, retry},
		{"no tries left", refused, 0, get, standard, 0, giveUp},
		{"a reset before the answer repeats a GET", reset, 0, get, standard, 1, retry},
		{"a reset never repeats a POST", reset, 0, post, standard, 1, giveUp},
		{"a reset on a pooled connection is repeated on a fresh one", stale, 0, get, retryRule{}, 0, refresh},
		{"but once only", stale, 0, traits{safe: true, replayable: true, refreshed: true}, retryRule{}, 0, giveUp},
		{"and never for a POST", stale, 0, post, standard, 1, giveUp},
		{"nor when the body is gone", stale, 0, traits{safe: true, listed: true}, standard, 1, giveUp},
		{"an answer that had begun is final", begun, 0, get, standard, 1, giveUp},
		{"a timeout is final unless the rule names it", slow, 0, get, standard, 1, giveUp},
		{"a named timeout is tried elsewhere", slow, 0, get, retryRule{timeout: true}, 1, retry},
		{"so is a request at a backend that is silent", silent, 0, get, retryRule{timeout: true}, 1, retry},
		{"a method that the rule does not list", reset, 0, traits{safe: true, replayable: true}, standard, 1, giveUp},
		{"the client's own fault", exchange.Refuse(exchange.BodyIncomplete), 0, get, standard, 1, giveUp},
		{"a full queue is tried elsewhere", exchange.Refuse(exchange.QueueFull), 0, post, standard, 1, retry},
		{"the deadline is final", exchange.Refuse(exchange.OutOfTime), 0, get, standard, 1, giveUp},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := judge(tc.fault, tc.status, tc.traits, &tc.rule, tc.left); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestBackoffDoublesUpToItsCeiling(t *testing.T) {
	r := retryRule{minWait: 10 * time.Millisecond, maxWait: 50 * time.Millisecond}
	for n, want := range []time.Duration{10, 20, 40, 50, 50} {
		if got := r.wait(n, 1); got != want*time.Millisecond {
			t.Errorf("retry %d: longest wait %v, want %v", n, got, want*time.Millisecond)
		}
		if got := r.wait(n, 0); got != 0 {
			t.Errorf("retry %d: shortest wait %v, want 0 (full jitter)", n, got)
		}
	}
	if got := r.wait(200, 1); got != r.maxWait {
		t.Errorf("retry 200: got %v, want the ceiling %v", got, r.maxWait)
	}
}
