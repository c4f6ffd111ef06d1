package config

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"penstock/options"
)

// Log is the process log and the access log. The zero value has no access log.
type Log struct {
	Level  slog.Level
	Format LogFormat // of the process log
	Access *Access   // nil means off
}

// Keys declares the keys of `log`.
func (l *Log) Keys(k options.Keys) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	k.Add("level", options.OneOfStandard(&l.Level, slog.LevelInfo, []string{"debug", "info", "warn", "error"}, levels), "least level of the process log")
	k.Add("format", formatOf(&l.Format), "one line of the process log; `auto` is text when standard error is a terminal, else JSON")
	k.Add("access", l.access(), "", options.Means("on"))
}

// access declares the access log. While it is off its keys are those of a spare
// one, which nothing reads.
func (l *Log) access() *options.Section {
	a := l.Access
	if a == nil {
		a = new(Access)
	}
	return &options.Section{
		Form: "a file name, `off`, or a mapping",
		Keys: func(k options.Keys) {
			k.Itself(&accessForm{fileOfLog(a), l})
			a.Keys(k)
		},
	}
}

// accessForm is the word or the file in place of the mapping.
type accessForm struct {
	*options.File
	l *Log
}

// Set switches the log off for `off`, changes nothing for `on`, and else stores the name of a file
// and returns the problem of an invalid one.
func (f *accessForm) Set(text string) (wrong string) {
	switch {
	case options.IsOff(text):
		f.l.Access = nil
	case !options.IsOn(text):
		return f.File.Set(text)
	}
	return ""
}

// Get is a word only while the log is off.
func (f *accessForm) Get() (string, options.Style) {
	if f.l.Access == nil {
		return "off", options.Plain
	}
	return "", options.Absent
}

// Access is the log of requests.
type Access struct {
	File   string    // "stdout", "stderr" or an absolute path
	Format LogFormat // of a line for each request
	Sample float64   // share of requests written, 0..1; zero writes only those of Always
	Always Always    // written whatever Sample says
}

// Keys declares the keys of `log.access`.
func (a *Access) Keys(k options.Keys) {
	k.Add("file", &logFile{fileOfLog(a)},
		"`stdout`, `stderr` or a file, which SIGUSR1 opens anew; switching the log on or off counts as another file", options.Restart)
	k.Add("format", formatOf(&a.Format), "one line a request; `auto` is text when `file` is a terminal, else JSON")
	k.Share("sample", &a.Sample, 1, "of the requests that are written")
	k.Add("always", a.Always.list(), "written whatever `sample` says; or `off`")
	k.Later("fields", "query", "redact")
}

// logFile is the file without the words that switch the log on and off.
type logFile struct{ *options.File }

// Set stores the name of a file. It returns the problem of an invalid one, and of the words for on
// and off.
func (f *logFile) Set(text string) (wrong string) {
	switch {
	case options.IsOff(text):
		return fmt.Sprintf(`got %q, want a file; to switch the access log off write log: { access: off }`, text)
	case options.IsOn(text):
		return fmt.Sprintf(`got %q, want a file, or stdout`, text)
	}
	return f.File.Set(text)
}

// fileOfLog is one of the process's streams, or a file.
func fileOfLog(a *Access) *options.File { return options.FileOf(&a.File, "stdout", "stderr") }

// LogFormat is how a line of a log is written. The zero value is Auto.
type LogFormat uint8

// The formats of both logs.
const (
	Auto LogFormat = iota // Text on a terminal, else JSON
	JSON                  // one JSON object a line
	Text                  // one readable line
	formatCount
)

var formatText = [formatCount]string{Auto: "auto", JSON: "json", Text: "text"}

// String returns the word of the file. It panics for a value that is none of the constants.
func (f LogFormat) String() string { return formatText[f] }

// formatOf declares the format of a log.
func formatOf(f *LogFormat) options.Scalar {
	return options.OneOf(f, formatText[:], []LogFormat{Auto, JSON, Text})
}

// Always lists the requests that sampling never drops.
type Always struct {
	Statuses   Statuses      // requests with one of these; nil means none
	SlowerThan time.Duration // requests that took longer; zero means none
}

// list declares the list of `log.access.always`.
func (a *Always) list() *options.Items {
	return &options.Items{
		Form:    "list of statuses and `slower than 1s`",
		Empty:   func() { *a = Always{} },
		Default: func() { *a = Always{Statuses: Statuses{{First: 500, Last: 599}}, SlowerThan: time.Second} },
		Append:  a.add,
		Texts:   a.texts,
		Each:    options.Shape{Pattern: "slower than .+|" + options.StatusPattern, Number: true, Low: 100, High: 599},
	}
}

func (a *Always) add(s string) (wrong string) {
	if limit, found := strings.CutPrefix(s, "slower than "); found {
		took, ok := options.ParseDuration(strings.TrimSpace(limit))
		if !ok || took == 0 || took > options.MaxDuration {
			return fmt.Sprintf(`got %q, want "slower than" and %s`, s, options.DurationForm)
		}
		a.SlowerThan = took
		return ""
	}
	r, ok := options.ParseStatuses(s)
	if !ok {
		return fmt.Sprintf(`got %q, want %s, or "slower than 1s"`, s, options.StatusForm)
	}
	a.Statuses = append(a.Statuses, r)
	return ""
}

func (a *Always) texts() (all []string, _ options.Style) {
	for _, s := range a.Statuses {
		all = append(all, s.String())
	}
	if a.SlowerThan > 0 {
		all = append(all, "slower than "+options.FormatDuration(a.SlowerThan))
	}
	return all, options.Plain
}

// AddedFields says which fields the gateway adds to responses (key `answers`).
type AddedFields struct {
	CacheStatus bool   // Cache-Status on responses of routes with a cache (RFC 9211)
	ProxyStatus bool   // Proxy-Status on faults (RFC 9209)
	RateLimit   string // responses of routes with a rate limit that say what is left: RateLimitRefused, RateLimitOn or RateLimitOff
	RequestID   string // name of the field with the request's id, both ways, as written; empty means off
}

// Keys declares the keys of `answers`.
func (a *AddedFields) Keys(k options.Keys) {
	k.Switch("cache_status", &a.CacheStatus, true, "`Cache-Status` on responses of routes with a cache (RFC 9211)")
	k.Switch("proxy_status", &a.ProxyStatus, true, "`Proxy-Status` on faults (RFC 9209)")
	k.Text("request_id", &a.RequestID, "name of the field that carries the request's id, to the backend and back",
		options.Off, options.Checked(options.FieldName), options.Default("X-Request-Id"))
	k.Choice("rate_limit", &a.RateLimit, []string{RateLimitRefused, RateLimitOn, RateLimitOff},
		"which responses have `RateLimit-Policy` and `RateLimit`: the 429 of `rate_limit`, all of routes with a limit, or none")
	k.Later("server_timing")
}

// The values of answers.rate_limit.
const (
	RateLimitRefused = "refused" // only the 429 of a rate limit; the default
	RateLimitOn      = "on"      // all responses of routes with a limit
	RateLimitOff     = "off"     // none
)
