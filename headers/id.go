package headers

import "strings"

// ID is a field name that the gateway knows, whatever its case. Other, the zero value, means
// all names that it does not.
type ID uint8

// The known names: each ID means the field that its String names. There are at most 64, so
// that a set of them is one word.
const (
	Other      ID = iota
	Lookalike     // a hop-by-hop, framing or forwarding name, or CDN-Loop, spelled with "_" for "-"; CGI-like backends read it as the real one
	XForwarded    // any X-Forwarded-* without an ID of its own

	// Hop-by-hop (RFC 9110 §7.6.1), from Connection to HTTP2Settings.
	Connection
	KeepAlive
	ProxyConnection
	TE
	Trailer
	TransferEncoding
	Upgrade
	ProxyAuthenticate
	ProxyAuthorization
	ProxyAuthenticationInfo
	Expect
	HTTP2Settings

	Host
	ContentLength
	ContentType
	ContentEncoding
	ContentRange
	UserAgent
	Via
	CDNLoop
	Forwarded
	XForwardedFor
	XForwardedProto
	XForwardedHost
	XForwardedPort
	XRealIP
	XRequestID
	Traceparent
	Tracestate
	Date
	Server
	SetCookie
	Cookie
	Authorization
	WWWAuthenticate
	IdempotencyKey
	Accept
	AcceptEncoding
	AcceptLanguage
	Range
	IfRange
	IfMatch
	IfNoneMatch
	IfModifiedSince
	IfUnmodifiedSince
	Age
	CacheControl
	CDNCacheControl
	Expires
	ETag
	LastModified
	Vary
	Location
	RetryAfter
	Origin
	Referer
	ProxyStatus
	CacheStatus
	idCount
)

var idText = [idCount]string{
	Other: "", Lookalike: "", XForwarded: "",
	Connection: "Connection", KeepAlive: "Keep-Alive", ProxyConnection: "Proxy-Connection", TE: "TE",
	Trailer: "Trailer", TransferEncoding: "Transfer-Encoding", Upgrade: "Upgrade",
	ProxyAuthenticate: "Proxy-Authenticate", ProxyAuthorization: "Proxy-Authorization",
	ProxyAuthenticationInfo: "Proxy-Authentication-Info", Expect: "Expect", HTTP2Settings: "HTTP2-Settings",
	Host: "Host", ContentLength: "Content-Length", ContentType: "Content-Type",
	ContentEncoding: "Content-Encoding", ContentRange: "Content-Range", UserAgent: "User-Agent", Via: "Via",
	CDNLoop: "CDN-Loop", Forwarded: "Forwarded", XForwardedFor: "X-Forwarded-For",
	XForwardedProto: "X-Forwarded-Proto", XForwardedHost: "X-Forwarded-Host", XForwardedPort: "X-Forwarded-Port",
	XRealIP: "X-Real-IP", XRequestID: "X-Request-ID", Traceparent: "traceparent", Tracestate: "tracestate",
	Date: "Date", Server: "Server", SetCookie: "Set-Cookie", Cookie: "Cookie", Authorization: "Authorization",
	WWWAuthenticate: "WWW-Authenticate", IdempotencyKey: "Idempotency-Key", Accept: "Accept",
	AcceptEncoding: "Accept-Encoding", AcceptLanguage: "Accept-Language", Range: "Range", IfRange: "If-Range",
	IfMatch: "If-Match", IfNoneMatch: "If-None-Match", IfModifiedSince: "If-Modified-Since",
	IfUnmodifiedSince: "If-Unmodified-Since", Age: "Age", CacheControl: "Cache-Control",
	CDNCacheControl: "CDN-Cache-Control", Expires: "Expires", ETag: "ETag", LastModified: "Last-Modified",
	Vary: "Vary", Location: "Location", RetryAfter: "Retry-After", Origin: "Origin", Referer: "Referer",
	ProxyStatus: "Proxy-Status", CacheStatus: "Cache-Status",
}

// String returns the name as its specification spells it; "" for Other,
// Lookalike and XForwarded, which stand for many. It panics for a value that is none of the IDs.
func (id ID) String() string { return idText[id] }

// idSet is a set of IDs.
type idSet uint64

func setOf(ids ...ID) (s idSet) {
	for _, id := range ids {
		s |= 1 << id
	}
	return s
}

func (s idSet) has(id ID) bool { return s>>id&1 != 0 }

// Groups of names that rules speak of. They are constants in all but syntax.
var (
	hopByHop = setOf(Connection, KeepAlive, ProxyConnection, TE, Trailer, TransferEncoding, Upgrade,
		ProxyAuthenticate, ProxyAuthorization, ProxyAuthenticationInfo, Expect, HTTP2Settings)
	framing    = setOf(ContentLength, TransferEncoding)
	forwarding = setOf(Forwarded, XForwarded, XForwardedFor, XForwardedProto, XForwardedHost, XForwardedPort, XRealIP)
	guarded    = hopByHop | framing | forwarding | setOf(Host, Via, CDNLoop)
	singletons = setOf(Host, ContentLength, ContentType, UserAgent, Authorization, Range, IfRange,
		IfModifiedSince, IfUnmodifiedSince)
	notInTrailer = guarded | setOf(Lookalike, ContentType, ContentEncoding, ContentRange, SetCookie, Cookie, Authorization,
		WWWAuthenticate, Range, IfRange, IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince, Age, CacheControl,
		CDNCacheControl, Expires, Date, Location, RetryAfter, Vary)
)

const idSlots = 256

// idIndex finds a known name by a hash of its length and three of its letters,
// with linear probing.
var idIndex = func() (slots [idSlots]ID) {
	for id := XForwarded + 1; id < idCount; id++ {
		slot := hashName([]byte(idText[id]))
		for slots[slot] != Other {
			slot = (slot + 1) % idSlots
		}
		slots[slot] = id
	}
	return slots
}()

func hashName(name []byte) uint {
	n := uint(len(name))
	first, middle, last := uint(name[0]|0x20), uint(name[n/2]|0x20), uint(name[n-1]|0x20)
	return (n*37 + first*7 + middle*29 + last*3) % idSlots
}

// idLower is idText in lower case.
var idLower = func() (table [idCount]string) {
	for id := range table {
		table[id] = strings.ToLower(idText[id])
	}
	return table
}()

// foldsTo reports whether name is known in any case. Setting the bit 0x20 maps
// letters to lower case and nothing but controls onto digits and "-".
func foldsTo(name []byte, known string) bool {
	for i := range len(known) {
		if name[i]|0x20 != known[i] {
			return false
		}
	}
	return true
}

// IDOf returns the ID of a field name in any case, Lookalike and XForwarded included, and Other for
// one that is not known. It panics when name is empty; name must not have controls.
func IDOf(name []byte) ID {
	for slot := hashName(name); ; slot = (slot + 1) % idSlots {
		id := idIndex[slot]
		if id == Other {
			return rareID(name)
		}
		if known := idLower[id]; len(known) == len(name) && foldsTo(name, known) {
			return id
		}
	}
}

const forwardedPrefix = "X-Forwarded-"

// rareID recognises X-Forwarded-* and lookalikes.
func rareID(name []byte) ID {
	if len(name) > len(forwardedPrefix) && equalFold(name[:len(forwardedPrefix)], forwardedPrefix) {
		return XForwarded
	}
	for i, c := range name {
		if c == '_' {
			return lookalikeID(name, i)
		}
	}
	return Other
}

// lookalikeID reads every "_" from position at on as "-" and asks again.
func lookalikeID(name []byte, at int) ID {
	var buf [32]byte
	if len(name) > len(buf) {
		name = name[:len(buf)] // only the prefix X-Forwarded- can still matter
	}
	n := copy(buf[:], name)
	for i := at; i < n; i++ {
		if buf[i] == '_' {
			buf[i] = '-'
		}
	}
	if guarded.has(IDOf(buf[:n])) {
		return Lookalike
	}
	return Other
}

// TrailerAllowed reports whether a field of that name, in any case, may travel in a trailer
// section (RFC 9110 §6.5.1). It is false for hop-by-hop fields, for fields that frame, route (Host,
// Via, CDN-Loop, Forwarded, X-Forwarded-*, X-Real-IP) or authenticate, that modify a request
// (Range, If-Match), control a response (Age, Cache-Control, Date, Expires, Location, Retry-After,
// Vary), state the type, coding or range of the content, or carry cookies, for lookalikes such as
// Content_Length, and for an empty name. All others are allowed, also ETag and unknown names.
func TrailerAllowed(name []byte) bool {
	return len(name) > 0 && !notInTrailer.has(IDOf(name))
}
