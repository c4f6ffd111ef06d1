package downstream

// Version is a version of HTTP, in ascending order. The zero value is HTTP10.
type Version uint8

// The versions that a client can speak.
const (
	HTTP10 Version = iota
	HTTP11
	HTTP2
	HTTP3
	versionCount
)

var versionText = [versionCount]string{HTTP10: "HTTP/1.0", HTTP11: "HTTP/1.1", HTTP2: "HTTP/2", HTTP3: "HTTP/3"}

// String returns the version as the access log writes it. It panics for a value that is none of
// the versions.
func (v Version) String() string { return versionText[v] }

// Streams reports whether the version can carry a body whose length is not known when it
// begins, and interim responses (RFC 9110 §15.2).
func (v Version) Streams() bool { return v >= HTTP11 }

// Head is a request head as the protocol received it, before anybody judged it. Parts that were
// not read, of a head that Handler.Refuse gets, are empty. All slices belong to the protocol and
// stay valid until Stream.Done.
type Head struct {
	Protocol []byte  // of HTTP/1: the version as the client spelled it, empty if it was not read; nil says that Version is the version
	Version  Version // counts only when Protocol is nil
	Method   []byte
	Target   []byte // of HTTP/1: the request target; of later versions :path
	Scheme   string // "http" or "https": that of the connection
	Fields   []byte // field lines, each with CRLF, and an empty line at the end
}

// Spoken returns the version as the access log writes it: the one that Penstock takes it for,
// else what the client spelled, which may be any bytes. It is empty when no version was read.
func (h *Head) Spoken() string {
	if h.Protocol == nil {
		return h.Version.String()
	}
	if version, ok := readVersion(h.Protocol); ok {
		return version.String()
	}
	return string(h.Protocol)
}
