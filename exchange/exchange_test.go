package exchange

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func TestReleaseForgetsEverything(t *testing.T) {
	now := time.Unix(100, 0)
	x := Acquire(now)
	x.SetID([]byte("secret-id"))
	x.AddParam("id", []byte("secret"))
	x.Identify("corp", []byte("alice"))
	at := x.NextAttempt("127.0.0.1:1", now)
	at.Status = 200
	x.Waited = 1
	x.Took, x.Client, x.Peer, x.Trusted = 1, netip.IPv6Loopback(), netip.IPv6Loopback(), true
	x.Route, x.Upstream, x.Fault, x.Status = "/a", "a", Refuse(NoRoute), 404
	x.Received, x.Sent, x.Tunnel, x.Cache = 1, 1, true, Cached{Outcome: CacheHit}
	v := reflect.ValueOf(x).Elem()
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is not set: this test has to know every field", v.Type().Field(i).Name)
		}
	}
	x.Release()
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			t.Errorf("%s survived release: %v", v.Type().Field(i).Name, v.Field(i))
		}
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	x := Acquire(time.Unix(0, 0))
	defer x.Release()
	for i := range MaxAttempts {
		if x.NextAttempt("b", time.Unix(0, 0)) == nil {
			t.Fatalf("attempt %d refused, want %d to fit", i, MaxAttempts)
		}
	}
	if x.NextAttempt("b", time.Unix(0, 0)) != nil {
		t.Errorf("attempt beyond %d was given", MaxAttempts)
	}
}

func TestParamsAreBounded(t *testing.T) {
	x := Acquire(time.Unix(0, 0))
	defer x.Release()
	for range MaxParams + 2 {
		x.AddParam("p", []byte("v"))
	}
	if len(x.Params) != MaxParams {
		t.Errorf("got %d params, want %d", len(x.Params), MaxParams)
	}
	if string(x.Param("p")) != "v" || x.Param("q") != nil {
		t.Errorf("lookup: p=%q q=%q", x.Param("p"), x.Param("q"))
	}
}

func TestLongIDsAreCut(t *testing.T) {
	x := Acquire(time.Unix(0, 0))
	defer x.Release()
	x.SetID(make([]byte, 500))
	if len(x.ID()) != maxIDLength {
		t.Errorf("id length %d, want %d", len(x.ID()), maxIDLength)
	}
}

func TestIdentitiesAreWholeOrNone(t *testing.T) {
	x := Acquire(time.Unix(0, 0))
	defer x.Release()
	if !x.Identify("corp", []byte("alice")) || !x.Identify("ops", []byte("al")) {
		t.Fatal("a short name is refused")
	}
	for _, name := range [][]byte{nil, make([]byte, maxIdentity+1)} {
		if x.Identify("evil", name) {
			t.Errorf("a name of %d bytes is taken", len(name))
		}
	}
	if i := x.Identity(); i.Source != "ops" || string(i.Name()) != "al" {
		t.Errorf("got %q of %q, want the last one that was taken", i.Name(), i.Source)
	}
}

func TestEveryReasonIsComplete(t *testing.T) {
	seen := map[string]bool{}
	Reasons(func(r Reason) {
		f := Refuse(r)
		if r.String() == "" || seen[r.String()] {
			t.Errorf("reason %d: text %q is empty or used twice", r, r)
		}
		seen[r.String()] = true
		if f.Kind == NoKind || f.Reason != r {
			t.Errorf("%v: shared fault is %+v", r, f)
		}
		if s := f.Status(); s < 400 || s > 599 {
			t.Errorf("%v: status %d, want 4xx or 5xx", r, s)
		}
	})
	if len(seen) != int(reasonCount)-1 {
		t.Errorf("saw %d reasons, want %d", len(seen), reasonCount-1)
	}
	for k := range kindCount {
		if k.String() == "" || k.Status() == 0 {
			t.Errorf("kind %d has no text or status", k)
		}
	}
}

func TestFaultTellsItsCause(t *testing.T) {
	cause := errors.New("refused by peer")
	f := &Fault{Kind: ConnectionRefused, Source: Upstream, Err: cause}
	if !errors.Is(f, cause) {
		t.Errorf("cause is not reachable through Unwrap")
	}
	if got, want := f.Error(), "upstream: connection_refused: refused by peer"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if f.Status() != 502 || f.Name() != "connection_refused" {
		t.Errorf("status %d name %q", f.Status(), f.Name())
	}
	if got := Refuse(BodyTooLarge); got.Status() != 413 || got.Name() != "body-too-large" {
		t.Errorf("refusal: status %d name %q", got.Status(), got.Name())
	}
}
