package response

import (
	"bytes"
	"cmp"
	"strconv"
	"time"

	"penstock/exchange"
)

// Problem is what a problem document says beside the fault. The zero value is nothing. The texts
// are copied into JSON as they are: the caller has escaped them.
type Problem struct {
	Type    string // a URI; "" means about:blank
	Title   string // of the type; "" means the status text
	Members []byte // further members in JSON, each with a comma before it
}

// AppendProblem appends the body that describes f to a client: problem details in JSON
// (RFC 9457), or, with text, lines of text, which leave out what p says. The words of f are ours
// alone and need no escaping in JSON. It never fails; f must not be nil.
func AppendProblem(dst []byte, text bool, f *exchange.Fault, p Problem) []byte {
	status, detail := f.Status(), f.Reason.Public()
	title := cmp.Or(p.Title, StatusText(status))
	if text {
		dst = append(strconv.AppendInt(dst, int64(status), 10), ' ')
		dst = append(append(dst, StatusText(status)...), '\n')
		if detail != "" {
			dst = append(append(dst, detail...), '\n')
		}
		return dst
	}
	dst = append(append(dst, `{"type":"`...), cmp.Or(p.Type, "about:blank")...)
	dst = append(append(dst, `","title":"`...), title...)
	dst = strconv.AppendInt(append(dst, `","status":`...), int64(status), 10)
	if detail != "" {
		dst = append(append(append(dst, `,"detail":"`...), detail...), '"')
	}
	dst = append(append(dst, `,"reason":"`...), f.Name()...)
	dst = append(append(dst, '"'), p.Members...)
	return append(dst, '}', '\n')
}

// AppendProblemType appends the Content-Type line of what AppendProblem made with the same text.
func AppendProblemType(dst []byte, text bool) []byte {
	if text {
		return append(dst, "Content-Type: text/plain; charset=utf-8\r\n"...)
	}
	return append(dst, "Content-Type: application/problem+json\r\n"...)
}

// WantsText reports whether the Accept field prefers text over JSON: it names a text type
// and neither JSON nor problem details. Without Accept (nil or empty) it is false. It looks for
// "text/" and "json" in lower case only, and at no weights.
func WantsText(accept []byte) bool {
	return bytes.Contains(accept, []byte("text/")) && !bytes.Contains(accept, []byte("json"))
}

// AppendProxyStatus appends the Proxy-Status line of f (RFC 9209) for a proxy of that name,
// which must be a token; it panics when name is empty. details is the Reason, if f has one.
func AppendProxyStatus(dst []byte, name string, f *exchange.Fault) []byte {
	dst = append(dst, "Proxy-Status: "...)
	if c := name[0] | 0x20; c >= 'a' && c <= 'z' {
		dst = append(dst, name...)
	} else { // a token begins with a letter there (RFC 9651 §3.3.4)
		dst = append(append(append(dst, '"'), name...), '"')
	}
	dst = append(dst, "; error="...)
	dst = append(dst, f.Kind.String()...)
	if f.Reason != exchange.NoReason {
		dst = append(append(append(dst, `; details="`...), f.Reason.String()...), '"')
	}
	return append(dst, "\r\n"...)
}

// AppendDate appends a Date line with now in GMT (RFC 9110 §6.6.1).
func AppendDate(dst []byte, now time.Time) []byte {
	return now.UTC().AppendFormat(dst, "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")
}

// AppendField appends a field line with CRLF. Name must be a token and value free of control
// characters; it does not check that.
func AppendField(dst, name, value []byte) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}
