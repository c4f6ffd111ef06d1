package headers

import (
	"net/netip"
	"strings"
	"testing"
)

func TestValidHost(t *testing.T) {
	for host, want := range map[string]bool{
		"example.com": true, "EXAMPLE.com.": true, "localhost": true, "a": true, "xn--bcher-kva.example": true,
		"example.com:8080": true, "example.com:": true, "example.com:65535": true, "127.0.0.1": true,
		"[::1]": true, "[2001:db8::1]:443": true, "[::ffff:192.0.2.1]": true, "under_score.example": true,
		"a%20b": true, "a!$&'()*+,;=b": true,
		"": false, ":80": false, "example.com:65536": false, "example.com:000080": false, "example.com:-1": false,
		"example.com:8o": false, "a:1:2": false, "user@example.com": false, "user:pw@example.com": false,
		"exa mple.com": false, "a/b": false, "a?b": false, "a#b": false, "a\\b": false, `"a"`: false, "<a>": false,
		"a%2": false, "a%zz": false, "a%": false, "::1": false, "[::1": false, "::1]": false, "[]": false, "[": false,
		"[::1]x": false, "[::1]:x": false, "[::g]": false, "[fe80::1%25eth0]": false, "[v1.a]": false,
		"[1:2:3:4:5:6:7:8:9]": false, "[127.0.0.1]": false, "a\tb": false, "b\xfccher": false, "{a}": false, "a|b": false,
	} {
		if got := ValidHost([]byte(host)); got != want {
			t.Errorf("ValidHost(%q) (9112 §3.2): got %v, want %v", host, got, want)
		}
	}
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"example.com": "example.com", "example.com:80": "example.com", "example.com.:80": "example.com",
		"[::1]:80": "[::1]", "[::1]": "[::1]", ".": ".", "": "",
	} {
		if got := string(HostName([]byte(host))); got != want {
			t.Errorf("HostName(%q): got %q, want %q", host, got, want)
		}
	}
}

func TestParseAddr(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:8080": "192.0.2.1", "2001:db8::1": "2001:db8::1",
		"[2001:db8::1]": "2001:db8::1", "[2001:DB8::1]:443": "2001:db8::1", "::": "::", "::ffff:10.0.0.1": "10.0.0.1",
		"1:2:3:4:5:6:7:8": "1:2:3:4:5:6:7:8", "1::8": "1::8", "::1.2.3.4": "::102:304",
		"": "", "unknown": "", "_hidden": "", "192.0.2": "", "192.0.2.256": "", "192.0.2.01": "", "192.0.2.1.": "",
		"192.0.2.1:99999": "", "[192.0.2.1]": "", "[::1": "", "1:::2": "", "1::2::3": "", "12345::": "", ":1": "", "1:": "",
		"fe80::1%eth0": "", "1:2:3:4:5:6:7": "", "1:2:3:4:5:6:7::8": "", "1:2:3:4:5:6:7:1.2.3.4": "",
	} {
		got, ok := parseAddr([]byte(in))
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("parseAddr(%q): got %v %v, want %q", in, got, ok, want)
		}
	}
}

// Our address reader must agree with the standard library's on everything bare.
func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::", "1::2", "2001:db8::192.0.2.33", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "[::1]:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseAddr([]byte(s))
		want, err := netip.ParseAddr(s)
		if err == nil && want.Zone() == "" && (!ok || got != want.Unmap()) {
			t.Errorf("parseAddr(%q): got %v %v, want %v", s, got, ok, want)
		}
		if ok && err != nil && !strings.ContainsAny(s, "[:") {
			t.Errorf("parseAddr(%q): got %v, want a refusal: %v", s, got, err)
		}
		if again, ok2 := parseAddr([]byte(got.String())); ok && (!ok2 || again != got) {
			t.Errorf("parseAddr(%q) = %v does not survive its own text", s, got)
		}
	})
}

func TestPrefixes(t *testing.T) {
	p := NewPrefixes([]netip.Prefix{
		netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("::ffff:192.168.0.0/112"), netip.MustParsePrefix("2001:db8::/32"),
	})
	for addr, want := range map[string]bool{
		"10.200.0.1": true, "::ffff:10.0.0.1": true, "192.168.9.9": true, "2001:db8:1::1": true, "2001:db8::1%eth0": true,
		"11.0.0.1": false, "192.169.0.1": false, "2001:db9::1": false, "::1": false,
	} {
		if got := p.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Contains(%s): got %v, want %v", addr, got, want)
		}
	}
	if p.Contains(netip.Addr{}) || (*Prefixes)(nil).Contains(netip.MustParseAddr("10.0.0.1")) {
		t.Error("no address and no set: nothing is contained")
	}
}
