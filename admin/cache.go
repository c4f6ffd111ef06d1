package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"penstock/ops"
)

// cache serves GET /api/cache.
func (s *Server) cache(ctx *fasthttp.RequestCtx) {
	var status ops.CacheStatus
	if s.o.Cache != nil {
		status = s.o.Cache.CacheStatus()
	}
	byName := func(a, b ops.CacheRoute) int { return strings.Compare(a.Route, b.Route) }
	status.Routes = slices.SortedFunc(slices.Values(status.Routes), byName)
	if status.Routes == nil {
		status.Routes = []ops.CacheRoute{} // shown as a list in any case
	}
	show(ctx, status)
}

// lookup serves GET /api/cache/lookup.
func (s *Server) lookup(ctx *fasthttp.RequestCtx) {
	q, err := parseQuestion(ctx.QueryArgs())
	if err != nil {
		refuse(ctx, fasthttp.StatusBadRequest, err.Error())
		return
	}
	if s.o.Cache == nil {
		refuseCache(ctx, ops.ErrNoCache)
		return
	}
	answer, err := s.o.Cache.CacheLookup(q)
	if err != nil {
		refuseCache(ctx, err)
		return
	}
	show(ctx, answer)
}

// parseQuestion reads the parameters url, method and any number of header.
func parseQuestion(args *fasthttp.Args) (ops.CacheQuestion, error) {
	q := ops.CacheQuestion{Method: "GET"}
	url := ""
	var wrong []error
	for key, value := range args.All() {
		switch text := string(value); string(key) {
		case "url":
			if url != "" {
				wrong = append(wrong, errors.New("url: given twice"))
			}
			url = text
		case "method":
			q.Method = text
		case "header":
			name, content, found := strings.Cut(text, ":")
			if !found || !token(name) || strings.ContainsFunc(content, control) {
				wrong = append(wrong, fmt.Errorf("header: got %.80q, want Name:value", text))
			}
			q.Fields = append(q.Fields, ops.CacheField{Name: name, Value: strings.TrimSpace(content)})
		default:
			wrong = append(wrong, fmt.Errorf("%.80q is no parameter; there are url, method and header, and a & within the URL is written %%26", key))
		}
	}
	if !token(q.Method) {
		wrong = append(wrong, fmt.Errorf("method: got %.80q, want a method such as GET", q.Method))
	}
	var err error
	if q.URL, err = parseURL(url); err != nil {
		wrong = append(wrong, fmt.Errorf("url: %w", err))
	}
	return q, errors.Join(wrong...)
}

// purge serves POST /api/cache/purge.
func (s *Server) purge(ctx *fasthttp.RequestCtx) {
	p, value, err := parsePurge(ctx.PostBody())
	if err != nil {
		refuse(ctx, fasthttp.StatusBadRequest, err.Error())
		return
	}
	err = ops.ErrNoCache
	if s.o.Cache != nil {
		err = s.o.Cache.CachePurge(p)
	}
	if err != nil {
		refuseCache(ctx, err)
		return
	}
	s.o.Log.Info("cache purged by the admin API", slog.String("scope", p.Scope.String()), slog.String("value", value), slog.Bool("soft", p.Soft))
	show(ctx, struct {
		Purged string `json:"purged"`
		Value  string `json:"value,omitempty"`
		Soft   bool   `json:"soft"`
	}{p.Scope.String(), value, p.Soft})
}

// purgeBody is the body of POST /api/cache/purge.
type purgeBody struct {
	URL    *string `json:"url"`
	Prefix *string `json:"prefix"`
	Host   *string `json:"host"`
	Tag    *string `json:"tag"`
	All    *bool   `json:"all"`
	Soft   bool    `json:"soft"`
}

const purgeForm = `want JSON such as {"url": "http://example.com/a"}, with one of url, prefix, host, tag and all, and soft if you like`

// parsePurge reads the body strictly: one JSON object, known keys, one scope.
// value is the text of the scope.
func parsePurge(body []byte) (p ops.CachePurge, value string, err error) {
	var b purgeBody
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return p, "", fmt.Errorf("body: %w; %s", err, purgeForm)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return p, "", errors.New("body: there is more after the JSON object")
	}
	if b.All != nil && !*b.All {
		return p, "", errors.New("all: got false; leave it out")
	}
	p.Soft = b.Soft
	scopes := 0
	for scope, text := range map[ops.CacheScope]*string{
		ops.CacheScopeURL: b.URL, ops.CacheScopePrefix: b.Prefix, ops.CacheScopeHost: b.Host, ops.CacheScopeTag: b.Tag,
	} {
		if text != nil {
			p.Scope, value = scope, *text
			scopes++
		}
	}
	if b.All != nil {
		p.Scope = ops.CacheScopeAll
		scopes++
	}
	if scopes != 1 {
		return p, "", fmt.Errorf("body: names %d scopes; %s", scopes, purgeForm)
	}
	if err := readScope(&p, value); err != nil {
		return p, "", fmt.Errorf("%s: %w", p.Scope, err)
	}
	return p, value, nil
}

// readScope reads the value of p's scope into p.
func readScope(p *ops.CachePurge, value string) (err error) {
	switch p.Scope {
	case ops.CacheScopeURL, ops.CacheScopePrefix:
		p.URL, err = parseURL(value)
		if err == nil && p.Scope == ops.CacheScopePrefix && strings.Contains(p.URL.Target, "?") {
			err = fmt.Errorf("got %.80q, want no query: a prefix is that of a path", value)
		}
	case ops.CacheScopeHost:
		p.URL.Host = value
		if !hostPort(value) {
			err = fmt.Errorf("got %.80q, want a host such as example.com or example.com:8080", value)
		}
	case ops.CacheScopeTag:
		p.Tag = value
		if value == "" || strings.ContainsFunc(value, notVisible) {
			err = fmt.Errorf("got %.80q, want one tag without blanks", value)
		}
	}
	return err
}

// refuseCache sends the error of the cache as a problem document.
func refuseCache(ctx *fasthttp.RequestCtx, err error) {
	switch {
	case errors.Is(err, ops.ErrNoCache):
		refuse(ctx, fasthttp.StatusConflict, err.Error())
	case errors.Is(err, ops.ErrBadURL):
		refuse(ctx, fasthttp.StatusBadRequest, err.Error())
	default:
		refuse(ctx, fasthttp.StatusInternalServerError, err.Error())
	}
}

// parseURL cuts an absolute http(s) URL into the parts that a request has.
func parseURL(text string) (u ops.CacheURL, err error) {
	scheme, rest, found := strings.Cut(text, "://")
	u.Scheme = strings.ToLower(scheme)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	u.Host, u.Target = rest[:end], rest[end:]
	if !strings.HasPrefix(u.Target, "/") {
		u.Target = "/" + u.Target
	}
	switch {
	case !found || u.Scheme != "http" && u.Scheme != "https" || !hostPort(u.Host):
		return u, fmt.Errorf("got %.80q, want an absolute URL such as http://example.com/a", text)
	case strings.Contains(u.Target, "#"):
		return u, fmt.Errorf("got %.80q, want no #: what follows it is not sent to servers", text)
	case strings.ContainsFunc(u.Target, notVisible):
		return u, fmt.Errorf("got %.80q, want blanks and all but ASCII percent-encoded, in a query parameter once more", text)
	}
	return u, nil
}

// hostPort reports whether s is valid in a Host field.
func hostPort(s string) bool {
	foreign := func(r rune) bool {
		return notVisible(r) || strings.ContainsRune(`/?#@\%"<>^{}|,;`, r)
	}
	return s != "" && s[0] != ':' && !strings.ContainsFunc(s, foreign)
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func notVisible(r rune) bool { return r <= ' ' || r > '~' }

// token reports whether s is a token (RFC 9110 §5.6.2).
func token(s string) bool {
	foreign := func(r rune) bool { return notVisible(r) || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }
	return s != "" && !strings.ContainsFunc(s, foreign)
}
