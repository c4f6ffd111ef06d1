package headers

import (
	"strings"
	"testing"
)

func TestIDOfKnowsEveryNameInAnyCase(t *testing.T) {
	for id := Connection; id < idCount; id++ {
		name := id.String()
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got := IDOf([]byte(spelled)); got != id {
				t.Errorf("IDOf(%q): got %d %q, want %d", spelled, got, got, id)
			}
		}
		if got := IDOf([]byte(name + "x")); got != Other && got != XForwarded {
			t.Errorf("IDOf(%q): got %q, want Other", name+"x", got)
		}
		if got := IDOf([]byte(name[1:])); got != Other && got != TE {
			t.Errorf("IDOf(%q): got %q, want Other", name[1:], got)
		}
	}
	if idCount > 64 {
		t.Errorf("%d IDs do not fit in one word", idCount)
	}
}

func TestIDOfRareNames(t *testing.T) {
	for _, tc := range []struct {
		name string
		want ID
	}{
		{"X-Forwarded-Prefix", XForwarded},
		{"x-forwarded-ssl", XForwarded},
		{"X-Forwarded-", Other},
		{"X-Forwarded", Other},
		{"X_Forwarded_For", Lookalike},
		{"x-forwarded_proto", Lookalike},
		{"X_FORWARDED_ANYTHING_THAT_IS_VERY_LONG_INDEED", Lookalike},
		{"Transfer_Encoding", Lookalike},
		{"content_length", Lookalike},
		{"X_Real_IP", Lookalike},
		{"User_Agent", Other},
		{"My_Header", Other},
		{"_", Other},
		{"A", Other},
	} {
		if got := IDOf([]byte(tc.name)); got != tc.want {
			t.Errorf("IDOf(%q): got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTrailerAllowed(t *testing.T) {
	for name, want := range map[string]bool{
		"Server-Timing": true, "X-Checksum": true, "ETag": true, "grpc-status": true,
		"Content-Length": false, "transfer-encoding": false, "Host": false, "Trailer": false, "Set-Cookie": false,
		"Authorization": false, "X-Forwarded-For": false, "X-Forwarded-User": false, "Content_Length": false,
		"Content-Type": false, "Cache-Control": false, "": false,
	} {
		if got := TrailerAllowed([]byte(name)); got != want {
			t.Errorf("%q (9110 §6.5.1): got %v, want %v", name, got, want)
		}
	}
}

func TestEveryProblemHasItsOwnName(t *testing.T) {
	seen := map[string]Problem{}
	for p := NoProblem; p < problemCount; p++ {
		if other, taken := seen[p.String()]; p.String() == "" || taken {
			t.Errorf("problem %d: name %q is empty or that of %d", p, p, other)
		}
		seen[p.String()] = p
	}
}
