package headers

import "testing"

func TestDropHopByHop(t *testing.T) {
	for _, tc := range []struct{ name, raw, want string }{
		{"the well-known ones (9110 §7.6.1)",
			"A: 1\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\nTrailer: X\r\n" +
				"Transfer-Encoding: chunked\r\nUpgrade: websocket\r\nProxy-Authorization: x\r\nProxy-Authenticate: x\r\n" +
				"Proxy-Authentication-Info: x\r\nExpect: 100-continue\r\nHTTP2-Settings: x\r\nB: 2\r\n",
			"A: 1\r\nB: 2\r\n"},
		{"the sender writes the length anew", "Content-Length: 5\r\nA: 1\r\n", "A: 1\r\n"},
		{"what Connection lists, in any case", "Connection: close, x-FOO\r\nX-Foo: 1\r\nX-Bar: 2\r\nx-foo: 3\r\n", "X-Bar: 2\r\n"},
		{"every Connection line", "Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\nconnection: X-B\r\n", ""},
		{"empty members and white space", "Connection: ,\t, X-A ,,\r\nX-A: 1\r\nB: 2\r\n", "B: 2\r\n"},
		{"Host cannot be listed away", "Connection: Host\r\nHost: a\r\n", "Host: a\r\n"},
		{"what a backend trusts cannot be listed away",
			"Connection: X-Forwarded-For, Authorization, Cookie, X-Forwarded-User, X-Real-IP, Via, Forwarded\r\n" +
				"X-Forwarded-For: 1.2.3.4\r\nAuthorization: b\r\nCookie: c\r\nX-Forwarded-User: d\r\nX-Real-IP: e\r\nVia: 1.1 f\r\nForwarded: for=g\r\n",
			"X-Forwarded-For: 1.2.3.4\r\nAuthorization: b\r\nCookie: c\r\nX-Forwarded-User: d\r\nX-Real-IP: e\r\nVia: 1.1 f\r\nForwarded: for=g\r\n"},
		{"what caches trust cannot be listed away (9110 §7.6.1)",
			"Connection: Cache-Control, Set-Cookie, Date, Vary\r\nCache-Control: private\r\nSet-Cookie: a=1\r\nDate: d\r\nVary: e\r\n",
			"Cache-Control: private\r\nSet-Cookie: a=1\r\nDate: d\r\nVary: e\r\n"},
		{"lookalikes go", "Transfer_Encoding: chunked\r\nContent_Length: 5\r\nX_Forwarded_For: 1\r\nMy_Own: 2\r\n", "My_Own: 2\r\n"},
		{"order of duplicates stays", "X: 1\r\nKeep-Alive: a\r\nX: 2\r\nConnection: close\r\nX: 3\r\n", "X: 1\r\nX: 2\r\nX: 3\r\n"},
		{"a quoted option names nothing we have", "Connection: \"X-A\"\r\nX-A: 1\r\n", "X-A: 1\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			if p := b.Parse([]byte(tc.raw)); p != NoProblem {
				t.Fatalf("Parse: %v", p)
			}
			b.DropHopByHop()
			if got := string(b.Append(nil)); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestDropHopByHopSparesOurs(t *testing.T) {
	var b Block
	b.Parse([]byte("Connection: X-Edge\r\nX-Edge: forged\r\n"))
	b.Add([]byte("X-Edge"), []byte("ours"))
	b.DropHopByHop()
	if got := string(b.Append(nil)); got != "X-Edge: ours\r\n" {
		t.Errorf("got %q, want only our own field", got)
	}
}

func TestConnectionHas(t *testing.T) {
	var b Block
	b.Parse([]byte("Connection: keep-alive\r\nUpgrade: websocket\r\nconnection: foo , UPGRADE\r\n"))
	for _, again := range []bool{false, true} {
		if !b.ConnectionHas("upgrade") || !b.ConnectionHas("keep-alive") || b.ConnectionHas("close") || b.ConnectionHas("keep") {
			t.Errorf("dropped %v: the lines list keep-alive, foo and upgrade only", again)
		}
		b.DropHopByHop()
	}
}

func TestHasToken(t *testing.T) {
	for _, tc := range []struct {
		value, token string
		want         bool
	}{
		{"close", "close", true},
		{" Close ", "close", true},
		{"a,\tCLOSE,b", "close", true},
		{"closed", "close", false},
		{"a close", "close", false},
		{"", "close", false},
	} {
		if got := HasToken([]byte(tc.value), tc.token); got != tc.want {
			t.Errorf("HasToken(%q, %q): got %v, want %v", tc.value, tc.token, got, tc.want)
		}
	}
}
