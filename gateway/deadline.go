package gateway

import (
	"strconv"
	"time"
)

// deadlineOf returns when timeouts.request is over for a request; zero for never.
func deadlineOf(j *journey) time.Time {
	if limit := j.route.times.Request; limit > 0 {
		return j.x.Start.Add(limit + j.upload.took)
	}
	return time.Time{}
}

// patienceOf returns when the client gives up, as far as that is known: deadlineOf, or what a
// trusted proxy says in X-Request-Timeout or Grpc-Timeout, if that is earlier.
func patienceOf(j *journey) time.Time {
	by := deadlineOf(j)
	if !j.x.Trusted {
		return by
	}
	head := &j.request.Head
	for _, limit := range []time.Duration{
		readTimeout(string(head.Lookup([]byte("x-request-timeout")))), readGRPCTimeout(string(head.Lookup([]byte("grpc-timeout")))),
	} {
		if end := j.x.Start.Add(limit); limit > 0 && (by.IsZero() || end.Before(by)) {
			by = end
		}
	}
	return by
}

// longestTimeout is a time after which it does not matter when a client gives up.
const longestTimeout = 24 * time.Hour

// readTimeout reads a number of seconds such as "0.5", or a duration with its unit such as
// "500ms". Zero is not readable.
func readTimeout(s string) time.Duration {
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, longestTimeout.Seconds()) * float64(time.Second))
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return max(min(d, longestTimeout), 0)
}

// readGRPCTimeout reads up to eight digits and a unit, such as "100m" for 100 ms. Zero is not
// readable.
func readGRPCTimeout(s string) time.Duration {
	if len(s) < 2 || len(s) > 9 {
		return 0
	}
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	unit := units[s[len(s)-1]]
	if err != nil || unit == 0 {
		return 0
	}
	return time.Duration(min(float64(n)*float64(unit), float64(longestTimeout)))
}
