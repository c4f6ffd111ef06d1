package rfc9111

// Method is a request method as far as caching distinguishes them.
type Method uint8

// The methods. Any name that is not one of them, in capitals, is Unsafe: a cache
// must assume that a method it does not know changes something (RFC 9111 §4.4).
const (
	Unsafe  Method = iota
	Get            // GET
	Head           // HEAD
	Post           // POST: unsafe, but its response may be stored (RFC 9110 §9.3.3)
	Options        // OPTIONS
	Trace          // TRACE
	methodCount
)

var methodText = [methodCount]string{
	Unsafe: "unsafe", Get: "get", Head: "head", Post: "post", Options: "options", Trace: "trace",
}

// String returns the method in lower case, "unsafe" for Unsafe. It panics for a number that is no
// method.
func (m Method) String() string { return methodText[m] }

// MethodOf returns the method of a name, Unsafe for any that is not listed above; names are
// case-sensitive (RFC 9110 §9.1).
func MethodOf(name []byte) Method {
	switch string(name) {
	case "GET":
		return Get
	case "HEAD":
		return Head
	case "POST":
		return Post
	case "OPTIONS":
		return Options
	case "TRACE":
		return Trace
	}
	return Unsafe
}

// Request is what the rules need of a request, read once. It is a view: it ends
// with the bytes of the fields that it was read from. The zero value is a request
// of an unknown method without fields.
type Request struct {
	Method        Method
	Body          bool    // it carries content; the caller says so
	URI           URI     // where it goes; needed for a POST alone
	Authorization bool    // an Authorization line is there
	Cookie        bool    // a Cookie line is there
	Demands       Demands // Cache-Control and Pragma

	fields          Fields
	ifNoneMatch     bool
	ifModifiedSince singleton
	ifRange         singleton
	ranges          singleton
}

// singleton is a field that may come once. More lines than one are no value.
type singleton struct {
	value []byte
	lines uint8 // 0, 1, or 2 for more
}

func (s *singleton) add(value []byte) {
	s.value = value
	s.lines = min(s.lines+1, 2)
}

// one reports whether the field is there exactly once.
func (s *singleton) one() bool { return s.lines == 1 }

// ReadRequest reads a request's fields in one pass. It never fails: a field that cannot be read
// counts as its rule says. It keeps f, which must not be nil; the caller may set Body and URI
// afterwards.
func ReadRequest(method Method, f Fields) Request {
	q := Request{Method: method, fields: f}
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		switch fieldOf(name) {
		case authorization:
			q.Authorization = true
		case cookie:
			q.Cookie = true
		case cacheControl:
			q.Demands.Parse(value)
		case pragma:
			q.Demands.ParsePragma(value)
		case ifNoneMatch:
			q.ifNoneMatch = true
		case ifModifiedSince:
			q.ifModifiedSince.add(value)
		case ifRange:
			q.ifRange.add(value)
		case rangeField:
			q.ranges.add(value)
		}
	}
	q.Demands.finish()
	return q
}

// Ranged reports whether the request has a Range field, readable or not.
func (q *Request) Ranged() bool { return q.ranges.lines > 0 }

// Conditional reports whether the request asks for a 304: it has If-None-Match or
// If-Modified-Since, readable or not (RFC 9110 §13.1.2, §13.1.3).
func (q *Request) Conditional() bool { return q.ifNoneMatch || q.ifModifiedSince.lines > 0 }

// ClientCondition reports whether a request field is a condition or a range that
// belongs to the client and so does not travel on a request that fills or
// validates the store: If-None-Match, If-Modified-Since, If-Range and Range. The
// conditions that only an origin can judge, If-Match and If-Unmodified-Since, do
// travel (RFC 9111 §4.3.2).
func ClientCondition(name []byte) bool {
	switch fieldOf(name) {
	case ifNoneMatch, ifModifiedSince, ifRange, rangeField:
		return true
	}
	return false
}

// OriginCondition reports whether a request field is a condition that only the
// origin may judge: If-Match and If-Unmodified-Since (RFC 9110 §13.1.1, §13.1.4).
func OriginCondition(name []byte) bool {
	switch fieldOf(name) {
	case ifMatch, ifUnmodifiedSince:
		return true
	}
	return false
}
