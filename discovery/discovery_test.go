package discovery

import (
	"context"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"penstock/lb"
)

func TestAddressesNeedNoResolver(t *testing.T) {
	s, err := New(Options{Entries: []lb.Endpoint{
		{Address: "127.0.0.1:9101", Weight: 5},
		{Address: "[2001:DB8::0:1]:80", Host: "web.example", Weight: 3, Backup: true},
		{Address: "unix:/run/app.sock", Weight: 1},
		{Address: "127.0.0.1:9101", Weight: 9},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*Static); !ok {
		t.Errorf("got a %T, want *Static", s)
	}
	var got [][]lb.Endpoint
	if err := s.Start(t.Context(), func(list []lb.Endpoint) { got = append(got, list) }); err != nil {
		t.Fatal(err)
	}
	want := [][]lb.Endpoint{{
		{Address: "127.0.0.1:9101", Host: "127.0.0.1", Weight: 5},
		{Address: "[2001:db8::1]:80", Host: "web.example", Weight: 3, Backup: true},
		{Address: "unix:/run/app.sock", Weight: 1},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestBadAddressesAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		"web":         "missing port",
		"web:http":    `got port "http", want 1..65535`,
		"web:0":       `got port "0", want 1..65535`,
		"web:70000":   `got port "70000", want 1..65535`,
		":80":         "the host is missing",
		"unix:":       "the socket's path is missing",
		"2001:db8::1": "too many colons",
	} {
		_, err := New(Options{Entries: []lb.Endpoint{{Address: "10.0.0.1:80"}, {Address: address}}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "endpoint 1: ") {
			t.Errorf("%q: got error %v, want endpoint 1 and %q", address, err, want)
		}
	}
}

func TestTidy(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"sorted, IPv4 first", "2001:db8::1 10.0.0.2 10.0.0.1", "10.0.0.1 10.0.0.2 2001:db8::1"},
		{"unmapped and without duplicates", "::ffff:10.0.0.1 10.0.0.1", "10.0.0.1"},
		{"loopback of both families is IPv4", "::1 127.0.0.1", "127.0.0.1"},
		{"loopback of one family stays", "::1", "::1"},
		{"an address from outside does not count as loopback", "::1 10.0.0.1", "10.0.0.1 ::1"},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var in []netip.Addr
			for text := range strings.FieldsSeq(tc.in) {
				in = append(in, netip.MustParseAddr(text))
			}
			var got []string
			for _, a := range tidy(in) {
				got = append(got, a.String())
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("got %q, want %q", text, tc.want)
			}
		})
	}
}

func TestShutdownBeforeStart(t *testing.T) {
	s, err := New(Options{Entries: []lb.Endpoint{{Address: "web:80"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
