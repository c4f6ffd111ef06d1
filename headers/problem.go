package headers

// Problem names what is wrong with a message. The zero value, NoProblem, means nothing is.
// Its String is the metric label and the log field; it panics for a value that is none of the
// problems.
type Problem uint8

// Every problem, with the clause that the message breaks.
const (
	NoProblem        Problem = iota
	BareLF                   // a line ends without CR (RFC 9112 §2.2)
	BareCR                   // CR that no LF follows (RFC 9112 §2.2)
	MissingCRLF              // the section ends inside a line (RFC 9112 §2.1)
	AfterEnd                 // bytes after the empty line (RFC 9112 §2.1)
	ObsFold                  // a line begins with white space (RFC 9112 §5.2)
	MissingColon             // a line that is a name alone, without a colon (RFC 9112 §5)
	BadName                  // the name is empty or not a token (RFC 9110 §5.1)
	SpaceBeforeColon         // white space between name and colon (RFC 9112 §5.1)
	BadValue                 // a control character in a value (RFC 9110 §5.5)
	TooMany                  // more fields than Block.MaxFields, or more than 1 KiB of connection options
	BadLength                // Content-Length is not one decimal number below 2^63 (RFC 9110 §8.6)
	RepeatedLength           // Content-Length more than once; in a response, with different values (RFC 9112 §6.3)
	LengthAndCoding          // both Content-Length and Transfer-Encoding (RFC 9112 §6.1)
	RepeatedCoding           // Transfer-Encoding more than once (RFC 9112 §6.1)
	BadCoding                // chunked is not the final coding, or applied twice, or a coding is no token (RFC 9112 §6.1, §6.3)
	UnknownCoding            // a transfer coding before a final chunked; 501 (RFC 9112 §6.1)
	CodingInHTTP10           // Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)
	BadRequestLine           // not a request line (RFC 9112 §3)
	BadStatusLine            // not a status line (RFC 9112 §4)
	BadVersion               // neither HTTP/1.0 nor HTTP/1.1 (RFC 9112 §2.3)
	BadStatus                // not a status code of 100 to 599 (RFC 9110 §15)
	BadTarget                // not one of the four forms (RFC 9112 §3.2)
	BadTargetOctet           // control, space, non-ASCII or "#" in the target (RFC 3986 §2)
	BadAuthority             // the target's authority is not host[:port] (RFC 9112 §3.2.2)
	BadPercent               // "%" without two hexadecimal digits (RFC 3986 §2.1)
	EncodedNUL               // %00 in the path
	EncodedSlash             // %2F in the path: segments would depend on the reader
	Backslash                // "\" or %5C in the path: a slash to some readers
	DotParameter             // a segment like "..;x": a dot segment to some readers
	HiddenDots               // "." or ".." beside a slash or backslash that is kept, as in "..%2Fx"
	DoubleEncoding           // %25 before two hexadecimal digits: another character when decoded twice
	DotSegment               // "." or ".." as a segment
	DoubleSlash              // "//" in the path: one slash to some readers
	BadChunk                 // the chunked coding is not by the letter, or one chunk has more than 4 KiB of extensions (RFC 9112 §7.1)
	BadTrailer               // the trailer section is above 8 KiB or 256 fields, or not by the letter (RFC 9112 §7.1.2)
	problemCount
)

var problemText = [problemCount]string{
	NoProblem: "none", BareLF: "bare-lf", BareCR: "bare-cr", MissingCRLF: "missing-crlf", AfterEnd: "after-end",
	ObsFold: "obs-fold", MissingColon: "missing-colon", BadName: "bad-name", SpaceBeforeColon: "space-before-colon",
	BadValue: "bad-value", TooMany: "too-many", BadLength: "bad-length", RepeatedLength: "repeated-length",
	LengthAndCoding: "length-and-coding", RepeatedCoding: "repeated-coding", BadCoding: "bad-coding",
	UnknownCoding: "unknown-coding", CodingInHTTP10: "coding-in-http10", BadRequestLine: "bad-request-line",
	BadStatusLine: "bad-status-line",
	BadVersion:    "bad-version", BadStatus: "bad-status", BadTarget: "bad-target", BadTargetOctet: "bad-target-octet",
	BadAuthority: "bad-authority", BadPercent: "bad-percent", EncodedNUL: "encoded-nul", EncodedSlash: "encoded-slash",
	Backslash: "backslash", DotParameter: "dot-parameter",
	HiddenDots: "hidden-dots", DoubleEncoding: "double-encoding", DotSegment: "dot-segment", DoubleSlash: "double-slash",
	BadChunk: "bad-chunk", BadTrailer: "bad-trailer",
}

func (p Problem) String() string { return problemText[p] }
