package accesslog

import (
	"cmp"
	"strconv"

	"penstock/exchange"
)

// appendText appends e as one line for people:
//
//	2026-11-23T15:04:05.000Z 192.0.2.7 "GET" "a.example" "/x?y" HTTP/1.1 502 0B 12.345ms route="web" backend="10.0.0.1:80" tries=2 fault=connection_refused cause="connection refused" agent="curl/8" id="..."
func appendText(dst []byte, e *Entry) []byte {
	x := e.Exchange
	dst = appendTime(dst, x.Start)
	dst = append(dst, ' ')
	if x.Client.IsValid() {
		dst = appendClient(dst, x)
	} else {
		dst = append(dst, '-')
	}
	dst = text(dst, " ", e.Method)
	dst = text(dst, " ", e.Host)
	dst = text(dst, " ", e.Target)
	dst = append(append(dst, ' '), cmp.Or(e.Protocol, "-")...)
	dst = number(dst, " ", int64(x.Status))
	dst = strconv.AppendInt(append(dst, ' '), x.Sent, 10)
	dst = append(dst, 'B', ' ')
	dst = append(appendMillis(dst, x.Took), "ms"...)
	dst = text(dst, " route=", x.Route)
	if x.Waited > 0 {
		dst = append(appendMillis(append(dst, " waited="...), x.Waited), "ms"...)
	}
	if n := len(x.Attempts); n > 0 {
		dst = text(dst, " backend=", x.Attempts[n-1].Backend)
		dst = number(dst, " tries=", int64(n))
	}
	if x.Cache.Outcome != exchange.CacheOff {
		dst = append(append(dst, " cache="...), x.Cache.Outcome.String()...)
	}
	if x.Fault != nil {
		dst = append(append(dst, " fault="...), x.Fault.Name()...)
		if cause := x.Fault.Cause(); cause != "" {
			dst = text(dst, " cause=", cause)
		}
	}
	if x.Tunnel {
		dst = append(dst, " tunnel"...)
	}
	dst = text(dst, " agent=", e.UserAgent)
	dst = text(dst, " id=", x.ID())
	return append(dst, '\n')
}
