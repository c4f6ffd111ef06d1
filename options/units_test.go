package options

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for _, tc := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"250ms", 250 * time.Millisecond, true},
		{"1.5s", 1500 * time.Millisecond, true},
		{"1h30m", 90 * time.Minute, true},
		{"0s", 0, true},
		{"0", 0, false},
		{"30", 0, false},
		{"", 0, false},
		{"-5s", 0, false},
		{"+5s", 0, false},
		{"5 s", 0, false},
		{"5sec", 0, false},
		{"s", 0, false},
		{".5s", 0, false},
		{"9999999999h", 0, false},
	} {
		got, ok := ParseDuration(tc.text)
		if ok != tc.ok || ok && got != tc.want {
			t.Errorf("%q: got %v %v, want %v %v", tc.text, got, ok, tc.want, tc.ok)
		}
	}
}

func TestDurationPrint(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "75s": 75 * time.Second, "60s": time.Minute, "10m": 10 * time.Minute, "1h": time.Hour,
		"250ms": 250 * time.Millisecond, "1500ms": 1500 * time.Millisecond, "7us": 7 * time.Microsecond, "1001ns": 1001,
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d ns: got %q, want %q", d, got, want)
		}
		if back, ok := ParseDuration(want); !ok || back != d {
			t.Errorf("%q reads as %v %v, want %v", want, back, ok, d)
		}
	}
}

func TestSize(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"512B", 512, true},
		{"16KiB", 16 << 10, true},
		{"64MiB", 64 << 20, true},
		{"1GiB", 1 << 30, true},
		{"2TiB", 2 << 40, true},
		{"0B", 0, true},
		{"8388607TiB", 8388607 << 40, true},
		{"8388608TiB", 0, false}, // above what fits
		{"16", 0, false},
		{"16MB", 0, false},
		{"16M", 0, false},
		{"1.5MiB", 0, false},
		{"-1B", 0, false},
		{"MiB", 0, false},
		{"16 MiB", 0, false},
	} {
		got, ok := ParseSize(tc.text)
		if ok != tc.ok || got != tc.want {
			t.Errorf("%q: got %d %v, want %d %v", tc.text, got, ok, tc.want, tc.ok)
		}
		if ok && FormatSize(got) != tc.text {
			t.Errorf("%d: printed %q, want %q", got, FormatSize(got), tc.text)
		}
	}
}

func TestShareAndRate(t *testing.T) {
	for text, want := range map[string]float64{"10%": 0.1, "0%": 0, "12.5%": 0.125, "0.0001%": 0.000001, "99.9999%": 0.999999} {
		got, ok := ParseShare(text)
		if !ok || got != want || FormatShare(got) != text {
			t.Errorf("%q: got %v %v, printed %q, want %v", text, got, ok, FormatShare(got), want)
		}
	}
	for text, want := range map[string]float64{"10/s": 10, "0.5/s": 0.5, "999999999/s": 999999999} {
		got, ok := ParseRate(text)
		if !ok || got != want || FormatRate(got) != text {
			t.Errorf("%q: got %v %v, printed %q, want %v", text, got, ok, FormatRate(got), want)
		}
	}
	for _, text := range []string{"10", "%", "-1%", "1e3%", ".5%", "5.%", "0x1%", "1.23456%", "10 %", "Inf%", "NaN%"} {
		if got, ok := ParseShare(text); ok {
			t.Errorf("share %q: got %v, want none", text, got)
		}
	}
	for _, text := range []string{"10", "/s", "10/m", "-1/s", "1e3/s"} {
		if got, ok := ParseRate(text); ok {
			t.Errorf("rate %q: got %v, want none", text, got)
		}
	}
}

// Every share of up to four decimals must survive print and read.
func TestShareRoundTrip(t *testing.T) {
	for i := range 1_000_000 {
		f := float64(i) / 10000 / 100
		text := FormatShare(f)
		if back, ok := ParseShare(text); !ok || back != f {
			t.Fatalf("%v printed %q reads as %v %v", f, text, back, ok)
		}
	}
}

func TestStatuses(t *testing.T) {
	for text, want := range map[string]StatusRange{"502": {502, 502}, "5xx": {500, 599}, "502-504": {502, 504}, "100-599": {100, 599}} {
		got, ok := ParseStatuses(text)
		if !ok || got != want || got.String() != text {
			t.Errorf("%q: got %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "5", "99", "600", "6xx", "0xx", "5XX", "504-502", "502-", "-502", "502-600", "50x", "+50"} {
		if got, ok := ParseStatuses(text); ok {
			t.Errorf("%q: got %v, want none", text, got)
		}
	}
	s := Statuses{{502, 502}, {400, 499}}
	for code, want := range map[int]bool{502: true, 503: false, 400: true, 499: true, 500: false} {
		if s.Has(code) != want {
			t.Errorf("Has(%d): got %v, want %v", code, !want, want)
		}
	}
}
