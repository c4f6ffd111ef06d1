package headers

import (
	"net/netip"
	"testing"
)

const claims = "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n" +
	"X-Forwarded-Port: 443\r\nX-Forwarded-Ssl: on\r\nX-Real-IP: 192.0.2.9\r\nForwarded: for=192.0.2.9\r\nA: 1\r\n"

func TestForwarding(t *testing.T) {
	v4, v6 := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1")
	for _, tc := range []struct {
		name, raw string
		f         Forwarding
		want      string
	}{
		{"a stranger's claims are replaced", claims, Forwarding{Peer: v4, Proto: "http", Host: []byte("a.example:8080")},
			"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example:8080\r\n|A: 1\r\n"},
		{"a trusted proxy's are continued", claims, Forwarding{Peer: v4, Trusted: true, Proto: "http", Host: []byte("a.example")},
			"X-Forwarded-For: 192.0.2.9, 10.0.0.7, 198.51.100.1\r\n|X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n" +
				"X-Forwarded-Port: 443\r\nX-Forwarded-Ssl: on\r\nX-Real-IP: 192.0.2.9\r\nForwarded: for=192.0.2.9\r\nA: 1\r\n"},
		{"a trusted proxy that claims nothing", "A: 1\r\n", Forwarding{Peer: v4, Trusted: true, Proto: "https", Host: []byte("a")},
			"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n|A: 1\r\n"},
		{"an empty claim is not continued", "X-Forwarded-For:\r\n", Forwarding{Peer: v4, Trusted: true},
			"X-Forwarded-For: 198.51.100.1\r\n|"},
		{"IPv6 stands bare in X-Forwarded-For", "", Forwarding{Peer: v6}, "X-Forwarded-For: 2001:db8::1\r\n|"},
		{"IPv4 in IPv6 and zones", "", Forwarding{Peer: netip.MustParseAddr("::ffff:192.0.2.1")}, "X-Forwarded-For: 192.0.2.1\r\n|"},
		{"a zone stays at home", "", Forwarding{Peer: netip.MustParseAddr("fe80::1%eth0")}, "X-Forwarded-For: fe80::1\r\n|"},
		{"a unix peer has no address", "X-Forwarded-For: 192.0.2.9\r\n", Forwarding{Proto: "http"}, "X-Forwarded-Proto: http\r\n|"},
		{"a trusted unix peer speaks for others", "X-Forwarded-For: 192.0.2.9\r\n", Forwarding{Trusted: true, Proto: "http"},
			"X-Forwarded-Proto: http\r\n|X-Forwarded-For: 192.0.2.9\r\n"},
		{"Forwarded (7239 §4)", "", Forwarding{Peer: v4, Proto: "http", Host: []byte("a.example"), Forwarded: true},
			"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n" +
				"Forwarded: for=198.51.100.1;host=a.example;proto=http\r\n|"},
		{"Forwarded quotes IPv6 and ports (7239 §6)", "", Forwarding{Peer: v6, Proto: "http", Host: []byte("a.example:80"), Forwarded: true},
			"X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example:80\r\n" +
				"Forwarded: for=\"[2001:db8::1]\";host=\"a.example:80\";proto=http\r\n|"},
		{"Forwarded of a unix peer (7239 §6.2)", "", Forwarding{Proto: "http", Forwarded: true},
			"X-Forwarded-Proto: http\r\nForwarded: for=unknown;proto=http\r\n|"},
		{"Forwarded continues a trusted proxy's", "Forwarded: for=192.0.2.9\r\nForwarded: for=10.0.0.7\r\n", Forwarding{Peer: v4, Trusted: true, Forwarded: true},
			"X-Forwarded-For: 198.51.100.1\r\nForwarded: for=192.0.2.9, for=10.0.0.7, for=198.51.100.1\r\n|"},
		{"a host cannot break out of its quotes", "", Forwarding{Host: []byte(`a";for=1\`), Forwarded: true},
			"X-Forwarded-Host: a\";for=1\\\r\nForwarded: for=unknown;host=\"a\\\";for=1\\\\\"\r\n|"},
		{"underscores fool nobody", "X_Forwarded_For: 1.2.3.4\r\n", Forwarding{Trusted: true}, "|"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			b.Parse([]byte(tc.raw))
			out := append(tc.f.Append(nil, &b), '|')
			if got := string(b.Append(out)); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestForwardingKeepsTheOperatorsEdits(t *testing.T) {
	e, err := NewEdits([]Pair{{"X-Forwarded-Proto", "https"}}, nil, []string{"X-Forwarded-For", "Forwarded"})
	if err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []bool{false, true} {
		var b Block
		b.Parse([]byte("X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: http\r\nForwarded: for=a\r\n"))
		e.Apply(&b)
		f := Forwarding{Peer: netip.MustParseAddr("198.51.100.1"), Trusted: trusted, Proto: "http", Host: []byte("a"), Forwarded: true}
		got := string(b.Append(f.Append(nil, &b)))
		if want := "X-Forwarded-Host: a\r\nX-Forwarded-Proto: https\r\n"; got != want {
			t.Errorf("trusted %v: got %q, want %q", trusted, got, want)
		}
	}
}

func TestClientIP(t *testing.T) {
	trusted := NewPrefixes([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")})
	for _, tc := range []struct{ name, peer, raw, want string }{
		{"a stranger is the client whatever it says", "203.0.113.5", "X-Forwarded-For: 1.1.1.1\r\n", "203.0.113.5"},
		{"a trusted peer without a list", "10.0.0.1", "", "10.0.0.1"},
		{"the last entry that is not ours", "10.0.0.1", "X-Forwarded-For: 1.1.1.1, 203.0.113.5, 10.0.0.2\r\n", "203.0.113.5"},
		{"over several lines", "10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.5\r\nX-Forwarded-For: 10.0.0.2,10.0.0.3\r\n", "203.0.113.5"},
		{"all trusted: the first", "10.0.0.1", "X-Forwarded-For: 10.9.9.9, 10.0.0.2\r\n", "10.9.9.9"},
		{"stops before what is no address", "10.0.0.1", "X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2\r\n", "10.0.0.2"},
		{"ports and brackets", "10.0.0.1", "X-Forwarded-For: [2001:db9::1]:443, [2001:db8::2]:99, 10.0.0.2:80\r\n", "2001:db9::1"},
		{"empty members are skipped", "10.0.0.1", "X-Forwarded-For: 203.0.113.5, ,\r\nX-Forwarded-For:\r\n", "203.0.113.5"},
		{"IPv4 in IPv6", "::ffff:10.0.0.1", "X-Forwarded-For: ::ffff:203.0.113.5\r\n", "203.0.113.5"},
		{"lookalikes are not read", "10.0.0.1", "X_Forwarded_For: 1.1.1.1\r\n", "10.0.0.1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			b.Parse([]byte(tc.raw))
			if got := ClientIP(netip.MustParseAddr(tc.peer), &b, trusted).String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	var b Block
	if got := ClientIP(netip.Addr{}, &b, trusted); got.IsValid() {
		t.Errorf("a unix peer: got %v, want no address", got)
	}
}

func TestAppendVia(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		http11    bool
		want      string
	}{
		{"the first hop (9110 §7.6.3)", "A: 1\r\n", true, "Via: 1.1 edge\r\nA: 1\r\n"},
		{"the version received counts", "", false, "Via: 1.0 edge\r\n"},
		{"earlier hops stay in order", "Via: 1.0 a, 1.1 b (x, y)\r\nA: 1\r\nvia: 1.1 c\r\n", true, "Via: 1.0 a, 1.1 b (x, y), 1.1 c, 1.1 edge\r\nA: 1\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			b.Parse([]byte(tc.raw))
			if got := string(b.Append(AppendVia(nil, &b, tc.http11, "edge"))); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPassedThrough(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      bool
	}{
		{"no hop at all", "A: edge-1\r\n", false},
		{"Via has a name that several instances may share", "Via: 1.1 edge-1\r\n", false},
		{"CDN-Loop (8586 §2)", "CDN-Loop: other; v=1, edge-1\r\n", true},
		{"CDN-Loop with parameters", "CDN-Loop: edge-1 ; hop=\"1\"\r\n", true},
		{"CDN-Loop of others", "CDN-Loop: edge; x=edge-1\r\n", false},
		{"on a later line, in another case", "CDN-Loop: a\r\nCDN-Loop: EDGE-1\r\n", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			b.Parse([]byte(tc.raw))
			if got := PassedThrough(&b, "edge-1"); got != tc.want {
				t.Errorf("%q: got %v, want %v", tc.raw, got, tc.want)
			}
		})
	}
}
