package config

import (
	"fmt"
	"strings"
	"time"

	"penstock/options"
)

// Health checks the backends of an upstream. The zero value is off.
type Health struct {
	Type    HealthType
	Path    string          // only for HTTP: the target, from its slash on; empty with HealthOff
	Method  string          // only for HTTP
	Host    string          // only for HTTP; empty means the backend's own name
	Port    int             // to connect to; zero means that of the backend
	Headers []options.Field // only for HTTP
	Body    string          // only for HTTP: must be in the first 4 KiB of the body; empty means anything
	Every   time.Duration   // pause between two checks
	Timeout time.Duration   // of one check, all of it
	Up      int             // checks in a row that bring a backend back
	Down    int             // checks in a row that take it out
	Fast    time.Duration   // pause while a verdict changes
	Expect  Statuses        // only for HTTP: what is good; not empty
	Start   HealthStart     // what a new backend is before its first check
}

// HealthType is how a backend is checked.
type HealthType uint8

// The types of checks.
const (
	HealthOff  HealthType = iota // not at all
	HealthHTTP                   // by a request
	HealthTCP                    // by a connection
	healthTypeCount
)

var healthTypeText = [healthTypeCount]string{HealthOff: "off", HealthHTTP: "http", HealthTCP: "tcp"}

// String returns the word of the file. It panics for a value that is none of the constants.
func (t HealthType) String() string { return healthTypeText[t] }

// HealthStart is what a new backend is before its first check.
type HealthStart uint8

// The states that a new backend can have.
const (
	StartChecking HealthStart = iota // it gets no requests
	StartUp                          // it gets requests
	StartDown                        // it gets none before Health.Up good checks
)

// section declares `health`: a path, `off` or a mapping.
func (h *Health) section() *options.Section {
	return &options.Section{
		Form:    "mapping, a path that is checked by GET, or `off`",
		Want:    "a mapping, a path such as /healthz, or off",
		Default: func() { *h = Health{} },
		Begin: func(mapping bool) {
			if mapping {
				*h = *defaultHealth()
			}
		},
		Keys:  h.Keys,
		Check: h.check,
	}
}

// defaultHealth returns a check with every default.
func defaultHealth() *Health {
	h := new(Health)
	s := options.Section{Keys: h.Keys}
	s.Reset()
	return h
}

// Keys declares the keys of `health`.
func (h *Health) Keys(k options.Keys) {
	k.Itself(&options.Phrase{
		Form:  "a path, or `off`",
		Texts: options.Shape{Pattern: "/[!-~]*", Off: true},
		Read: func(text string) (wrong string) {
			if options.IsOff(text) {
				*h = Health{}
				return ""
			}
			*h = *defaultHealth()
			return h.setPath(text)
		},
		Text: func() (string, options.Style) {
			if h.Type == HealthOff {
				return "off", options.Plain
			}
			return "", options.Absent
		},
	})
	k.Add("type", h.typeWord(), "`http` sends a request, `tcp` only connects, with the TLS handshake for https://")
	k.Count("port", &h.Port, 0, "port of the check; 0: that of the backend", options.Within(0, 65535))
	k.Duration("every", &h.Every, 5*time.Second, "pause between two checks of a backend, give or take 20 %")
	k.Duration("timeout", &h.Timeout, time.Second, "one check, from the connection to the end of the body or its first 64 KiB")
	k.Count("up", &h.Up, 2, "good checks in a row that bring a backend back", options.Within(1, maxCount))
	k.Count("down", &h.Down, 3, "failed checks in a row that take a backend out", options.Within(1, maxCount))
	k.Duration("fast", &h.Fast, time.Second, "the pause while a verdict changes, if it is shorter than `every`")
	k.Add("start", options.OneOf(&h.Start, []string{"checking", "up", "down"}, []HealthStart{StartChecking, StartUp, StartDown}),
		"what a new backend is before its first check: `checking` gets no requests until one is good, `down` until `up` are")
	k.Later("service")
	if h.Type != HealthTCP { // in a file they are known, and a problem
		h.request(k)
	}
}

// request declares the keys of a check by a request.
func (h *Health) request(k options.Keys) {
	k.Add("path", &options.Phrase{
		Form:    "path, also with a query",
		Default: func() { h.Path = "/healthz" },
		Texts:   options.Shape{Pattern: "/[!-~]*"},
		Read:    h.setPath,
		Text:    func() (string, options.Style) { return h.Path, options.Quoted },
	}, "target of the request")
	k.Choice("method", &h.Method, []string{"GET", "HEAD", "OPTIONS"}, "")
	k.Text("host", &h.Host, "the `Host` of the request", options.Means("the backend's own"))
	k.Fields("headers", &h.Headers, "further fields of the request")
	k.Text("body", &h.Body, "text that must be in the first 4 KiB of the body", options.Means("none"))
	k.Add("expect", statusList(&h.Expect, Statuses{{First: 200, Last: 299}, {First: 300, Last: 399}}, "write health: off to switch checks off"), "statuses of good responses")
}

// typeWord declares `type`.
func (h *Health) typeWord() *options.Phrase {
	return &options.Phrase{
		Form:    "`http` or `tcp`",
		Default: func() { h.Type = HealthHTTP },
		Texts:   options.Shape{Pattern: "http|tcp"},
		Read: func(text string) (wrong string) {
			switch text {
			case HealthHTTP.String():
				h.Type = HealthHTTP
			case HealthTCP.String():
				h.Type = HealthTCP
			case "grpc":
				return `got "grpc", which is not built yet: it comes with HTTP/2 to backends; write http or tcp`
			default:
				return fmt.Sprintf("got %q, want http or tcp", text)
			}
			return ""
		},
		Text: func() (string, options.Style) { return h.Type.String(), options.Plain },
	}
}

func (h *Health) setPath(text string) (wrong string) {
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }
	if !strings.HasPrefix(text, "/") || strings.ContainsFunc(text, strange) {
		return fmt.Sprintf("got %q, want a path such as /healthz, in ASCII and without blanks", text)
	}
	h.Path = text
	return ""
}

// check reports keys that do not fit together.
func (h *Health) check(r options.Report) {
	if h.Type == HealthTCP {
		for _, key := range []string{"path", "method", "host", "headers", "body", "expect"} {
			if r.Has(key) {
				r.Problem(key, "has no meaning with type: tcp, which sends no request")
			}
		}
	}
	if h.Host != "" && !authority(strings.ToLower(h.Host)) {
		r.Problem("host", "got %q, want a host, or host:port", h.Host)
	}
	if h.Body != "" && h.Method == "HEAD" {
		r.Problem("body", "a response to HEAD has no body; write method: GET")
	}
	if h.Fast > h.Every && r.Has("fast") {
		r.Problem("fast", "got %s, which is above every %s", options.FormatDuration(h.Fast), options.FormatDuration(h.Every))
	}
	h.Fast = min(h.Fast, h.Every)
}
