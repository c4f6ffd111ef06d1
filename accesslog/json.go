package accesslog

import (
	"strconv"
	"time"

	"penstock/exchange"
)

// appendJSON appends e as one JSON object. Durations are in milliseconds; the steps are those
// of the last attempt. Keys without a value are left out.
func appendJSON(dst []byte, e *Entry) []byte {
	x := e.Exchange
	dst = append(dst, `{"time":"`...)
	dst = appendTime(dst, x.Start)
	dst = append(dst, '"')
	dst = text(dst, `,"id":`, x.ID())
	dst = append(dst, `,"client":"`...)
	dst = appendClient(dst, x)
	dst = append(dst, '"')
	dst = text(dst, `,"method":`, e.Method)
	dst = text(dst, `,"host":`, e.Host)
	dst = text(dst, `,"target":`, e.Target)
	dst = text(dst, `,"protocol":`, e.Protocol)
	dst = text(dst, `,"route":`, x.Route)
	if x.Upstream != "" {
		dst = text(dst, `,"upstream":`, x.Upstream)
	}
	if x.Cache.Outcome != exchange.CacheOff {
		dst = append(append(append(dst, `,"cache":"`...), x.Cache.Outcome.String()...), '"')
	}
	dst = number(dst, `,"status":`, int64(x.Status))
	if f := x.Fault; f != nil {
		dst = appendFault(dst, f)
	}
	dst = number(dst, `,"received":`, x.Received)
	dst = number(dst, `,"sent":`, x.Sent)
	dst = millis(dst, `,"took_ms":`, x.Took)
	if x.Waited > 0 {
		dst = millis(dst, `,"waited_ms":`, x.Waited)
	}
	dst = appendAttempts(dst, x.Attempts)
	dst = text(dst, `,"user_agent":`, e.UserAgent)
	if x.Tunnel {
		dst = append(dst, `,"tunnel":true`...)
	}
	return append(dst, '}', '\n')
}

// appendAttempts appends the steps of the last attempt, the number of attempts and, when there
// were several, each of them in order.
func appendAttempts(dst []byte, tries []exchange.Attempt) []byte {
	if len(tries) == 0 {
		return append(dst, `,"attempts":0`...)
	}
	last := &tries[len(tries)-1]
	dst = text(dst, `,"backend":`, last.Backend)
	dst = appendSteps(dst, last)
	dst = number(dst, `,"attempts":`, int64(len(tries)))
	if len(tries) == 1 {
		return dst
	}
	dst = append(dst, `,"tries":[`...)
	for i := range tries {
		at := &tries[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = text(dst, `{"backend":`, at.Backend)
		dst = number(dst, `,"status":`, int64(at.Status))
		if at.Fault != nil {
			dst = appendFault(dst, at.Fault)
		}
		dst = appendSteps(dst, at)
		dst = millis(dst, `,"took_ms":`, at.Took)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendSteps(dst []byte, at *exchange.Attempt) []byte {
	dst = millis(dst, `,"queue_ms":`, at.Queue)
	dst = millis(dst, `,"connect_ms":`, at.Connect)
	dst = millis(dst, `,"first_byte_ms":`, at.FirstByte)
	if at.Reused {
		dst = append(dst, `,"reused":true`...)
	}
	return dst
}

// appendFault appends the fault's names, and its cause if the system named one. The rest of
// its Err is left out, because the text of an error may quote a client or a backend.
func appendFault(dst []byte, f *exchange.Fault) []byte {
	dst = text(dst, `,"fault":`, f.Name())
	dst = text(dst, `,"fault_kind":`, f.Kind.String())
	dst = text(dst, `,"fault_source":`, f.Source.String())
	if cause := f.Cause(); cause != "" {
		dst = text(dst, `,"fault_cause":`, cause)
	}
	return dst
}

// appendClient appends the client's address, nothing for unix sockets. An IPv6 zone is
// left out: a trusted proxy may pass one that the client chose.
func appendClient(dst []byte, x *exchange.Exchange) []byte {
	return x.Client.WithZone("").AppendTo(dst)
}

func text[T ~string | ~[]byte](dst []byte, key string, value T) []byte {
	return appendQuoted(append(dst, key...), value)
}

func number(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(append(dst, key...), value, 10)
}

func millis(dst []byte, key string, d time.Duration) []byte {
	return appendMillis(append(dst, key...), d)
}

// appendTime appends t in UTC, in milliseconds (RFC 3339), for the years 0 to 9999. The
// time package takes twice as long for it.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendTwo(appendTwo(dst, year/100%100), year%100)
	dst = appendTwo(append(dst, '-'), int(month))
	dst = appendTwo(append(dst, '-'), day)
	dst = appendTwo(append(dst, 'T'), hour)
	dst = appendTwo(append(dst, ':'), minute)
	dst = appendTwo(append(dst, ':'), second)
	return append(appendFraction(dst, t.Nanosecond()/1e6), 'Z')
}

// appendTwo appends n, 0..99, with both digits.
func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// appendFraction appends a point and n, 0..999, with all three digits.
func appendFraction(dst []byte, n int) []byte {
	return append(dst, '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

// appendMillis appends d in milliseconds with three decimals; below zero is zero.
func appendMillis(dst []byte, d time.Duration) []byte {
	us := max(d, 0).Microseconds()
	if us < 10_000 { // as most are
		return appendFraction(append(dst, byte('0'+us/1000)), int(us%1000))
	}
	return appendFraction(strconv.AppendInt(dst, us/1000, 10), int(us%1000))
}
