package config

import "strings"

// spelled is a word without what programs write differently: proxy_pass, proxyPass, proxy-pass.
func spelled(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(word))
}

// foreignTop returns what to write for a key that other programs have at the top of their
// files; "" for one that they do not have.
func foreignTop(key string) string {
	switch spelled(key) {
	case "http", "server", "servers", "apps", "config", "staticresources", "global", "defaults":
		return "; listen, upstreams and routes are written at the top, not below another key"
	case "entrypoints", "listeners", "bind", "port", "ports", "address":
		return `; write the addresses that clients connect to: listen: [":8080"]`
	case "location", "locations", "routers", "sites", "site", "virtualhosts", "ingress", "frontend", "frontends", "rules":
		return `; write routes: [{ host: a.example, path: "/*", upstream: "http://localhost:3000" }]`
	case "services", "service", "clusters", "backends", "backend", "origins", "proxypass", "reverseproxy":
		return `; write upstreams: { name: { backends: ["http://localhost:3000"] } }, and a route with upstream: name`
	case "clientmaxbodysize", "maxbodysize":
		return "; write limits: { body: 10MiB }"
	case "proxyreadtimeout", "readtimeout":
		return "; write timeouts: { first_byte: 60s }"
	case "proxyconnecttimeout":
		return "; write timeouts: { connect: 5s }"
	case "keepalivetimeout":
		return "; write timeouts: { idle: 75s }"
	case "workerprocesses", "workers", "threads":
		return "; nothing is to be set: all processors are used"
	case "accesslog", "errorlog", "logs", "logging":
		return "; write log: { level: info, access: { file: stdout } }"
	case "setrealipfrom", "trustedips":
		return "; write trusted_proxies: [10.0.0.0/8]"
	}
	return ""
}

// foreignRoute is foreignTop for the keys of a route.
func foreignRoute(key string) string {
	switch spelled(key) {
	case "proxypass", "reverseproxy", "service", "services", "backend", "backends", "proxy", "target", "to", "forward", "destination", "cluster", "handler":
		return `; write upstream: "http://host:port", or the name of one of upstreams`
	case "location", "rule", "prefix", "pathprefix", "uri", "from", "matcher":
		return `; write path: "/a/*", and host: a.example where it matters`
	case "servername", "domain", "hostname", "domains":
		return "; write host: a.example"
	case "handlepath", "stripprefixes", "replacepath", "replacepathregex":
		return "; write strip_prefix or rewrite"
	case "return", "respondwith":
		return "; write redirect: { to: ..., code: 301 } or respond: { status: 404 }"
	case "middlewares", "middleware", "plugins", "filters", "handlers", "handle":
		return "; what is done to a request is a key of its route: redirect, rewrite, headers, cache and others"
	case "timeout", "proxyreadtimeout", "readtimeout":
		return "; write timeouts: { first_byte: 30s }, or request: 30s for all attempts together"
	case "addheader", "proxysetheader", "header", "requestheaders", "responseheaders", "headerup", "headerdown":
		return "; write headers: { request: { set: { X-Name: ... } } }, or response for what the client gets"
	case "clientmaxbodysize", "maxbodysize":
		return "; write limits: { body: 10MiB }"
	case "fileserver", "root", "static", "tryfiles", "index", "file":
		return "; that will be files, which is not built yet"
	case "gzip", "encode", "compression", "brotli":
		return "; that will be compress, which is not built yet"
	case "basicauth", "authbasic", "forwardauth":
		return "; that will be auth, which is not built yet"
	case "limitreq", "ratelimits":
		return "; write rate_limit: 10/s"
	case "proxycache", "cachettl":
		return "; write cache: 60s"
	}
	if strings.HasPrefix(key, "/") {
		return `; write path: "` + key + `" and upstream: ...`
	}
	return ""
}

// foreignUpstream is foreignTop for the keys of an upstream.
func foreignUpstream(key string) string {
	switch spelled(key) {
	case "servers", "server", "endpoints", "endpoint", "targets", "urls", "url", "addresses", "hosts", "nodes", "to", "loadbalancer":
		return `; write backends: ["http://host:port"]`
	case "lbpolicy", "policy", "strategy", "method", "algorithm", "leastconn", "roundrobin", "loadbalancing", "lb":
		return "; write balance: least_conn"
	case "iphash", "hash":
		return "; write balance: { hash: ip }"
	case "keepalive", "maxidleconns":
		return "; write pool: { idle: 32 }"
	case "maxconns", "maxconnections":
		return "; write pool: { max: 100 }"
	case "maxfails", "failtimeout", "passivehealthcheck", "outlierdetection":
		return "; write eject: { failures: 3 }"
	case "healthcheck", "healthchecks", "check", "activehealthcheck":
		return "; write health: /healthz"
	case "circuitbreaker":
		return "; write breaker: { open_at: 50% }"
	case "slowstart", "warmup":
		return "; write slow_start: 30s"
	case "timeout", "timeouts":
		return "; timeouts are set at the top of the file and on a route"
	}
	return ""
}

// foreignLine returns the first line of a text that is no YAML that has the form of nginx's or
// Caddy's files, from 1; 0 when there is none. Such a line ends with a semicolon, or opens a
// brace after something that is no key.
func foreignLine(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		opens := strings.HasSuffix(line, " {") && !strings.Contains(line, ": ") && !strings.HasPrefix(line, "- ")
		if !strings.HasPrefix(line, "#") && (opens || strings.HasSuffix(line, ";")) {
			return n
		}
	}
	return 0
}
