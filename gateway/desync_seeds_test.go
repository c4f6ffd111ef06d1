package gateway_test

import "strings"

// desyncSeeds are inputs of which some parser or other makes something else than
// RFC 9112 says.
func desyncSeeds() []string {
	seeds := append(headSeeds(), bodySeeds()...)
	for _, cut := range []int{1, 10, 20, len(nextGet) - 2} {
		seeds = append(seeds, nextGet+nextGet[:cut])
	}
	return seeds
}

// nextGet is the request after that of a seed; no body may swallow it.
const nextGet = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

func headSeeds() []string {
	const next = nextGet
	get := func(line, fields string) string { return line + "\r\n" + fields + "\r\n" + next }
	return []string{
		next + next,
		"\r\n\r\n" + next,
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + next,
		"GET / HTTP/1.0\r\n\r\n" + next,
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + next,
		"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + next,
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + next,
		get("GET / HTTP/1.1", "Host: a\r\nX: a\r\n b\r\n"),
		get("GET / HTTP/1.1", "Host: a\nX: 1\r\n"),
		get("GET / HTTP/1.1", "Host: a\r\nFoo Bar: x\r\n"),
		get("GET / HTTP/1.1", "Host : a\r\n"),
		get("GET / HTTP/1.1", "Host: a\r\nHost: b\r\n"),
		get("GET / HTTP/1.1", "Host: user:pw@a\r\n"),
		get("GET / HTTP/1.1", ""),
		get("GET / HTTP/2.0", "Host: a\r\n"),
		get("GET /", ""),
		get("GET  / HTTP/1.1", "Host: a\r\n"),
		get("GET http://b/x?y HTTP/1.1", "Host: a\r\n"),
		get("GET file:///etc/passwd HTTP/1.1", "Host: a\r\n"),
		get("GET //host/?x=:// HTTP/1.1", "Host: a\r\n"),
		get("GET /a/../b/%2e%2e/c HTTP/1.1", "Host: a\r\n"),
		get("CONNECT a:1 HTTP/1.1", "Host: a:1\r\n"),
		get("TRACE / HTTP/1.1", "Host: a\r\n"),
		get("get / HTTP/1.1", "Host: a\r\n"),
		get("GET / HTTP/1.1", "Host: a\r\nConnection: Host, Upgrade\r\nUpgrade: h2c\r\n"),
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n" + next,
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\n" + next,
		"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("x", 33<<10) + "\r\n\r\n" + next,
	}
}

func bodySeeds() []string {
	const next, chunked = nextGet, "Transfer-Encoding: chunked\r\n"
	post := func(fields, body string) string {
		return "POST /p HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body + next
	}
	return []string{
		post("Content-Length: 3\r\n"+chunked, "0\r\n\r\n"),
		post(chunked+chunked, "0\r\n\r\n"),
		post("Transfer-Encoding: identity\r\n", ""),
		post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
		post("Transfer-Encoding:\tchunked \r\n", "1\r\nx\r\n0\r\n\r\n"),
		post("Transfer-Encoding: x\r\n chunked\r\n", "0\r\n\r\n"),
		post("Content-Length: 0003\r\n", "abc"),
		post("Content-Length: +3\r\n", "abc"),
		post("Content-Length: 3, 3\r\n", "abc"),
		post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
		post("Content-Length: 3\r\nExpect: 100-continue\r\n", "abc"),
		post("Content-Length: 3\r\nExpect: other\r\n", "abc"),
		post("Content-Length: 70000\r\n", "abc"),
		post("Content-Length: 300\r\n", "abc"),
		post(chunked, "3\r\nabc\r\n0\r\n\r\n"),
		post(chunked, "3;a=\"b\"\r\nabc\r\n0;x\r\nX-Sum: 1\r\nHost: b\r\n\r\n"),
		post(chunked, "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"),
		post(chunked, "3\nabc\r\n0\r\n\r\n"),
		post(chunked, "3\r\nabcX0\r\n\r\n"),
		post(chunked, "3\r\nabcXX0\r\n\r\n"),
		post(chunked, "0x3\r\nabc\r\n0\r\n\r\n"),
		post(chunked, "-3\r\nabc\r\n0\r\n\r\n"),
		post(chunked, "00000000000000003\r\nabc\r\n0\r\n\r\n"),
		post(chunked, "3;a\nb\r\nabc\r\n0\r\n\r\n"),
		post(chunked, "3\r\nabc\r\n0\r\n"),
		post(chunked, "ffffffffffffffff\r\nabc"),
		post(chunked+"Expect: 100-continue\r\n", "3\r\nabc\r\n0\r\n\r\n"),
		"POST / HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n" + next,
		"POST / HTTP/1.1\r\nHost: a\r\n" + chunked + "\r\n3\r\nabc\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
	}
}
