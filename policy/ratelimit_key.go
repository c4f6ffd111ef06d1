package policy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"penstock/exchange"
	"penstock/headers"
	"penstock/options"
)

// keyKind is a property of a request by which a limit distinguishes clients.
type keyKind uint8

const (
	perIP keyKind = iota
	perRoute
	perHost
	perHeader
	perCookie
	perQuery
	keyKinds
)

var keyWords = [keyKinds]string{perIP: "ip", perRoute: "route", perHost: "host", perHeader: "header", perCookie: "cookie", perQuery: "query"}

// keyPart is one of them; name is that of a header field, a cookie or a parameter.
type keyPart struct {
	kind keyKind
	name string
}

func (p keyPart) named() bool { return p.kind >= perHeader }

// String writes the part as a file does.
func (p keyPart) String() string {
	if p.named() {
		return keyWords[p.kind] + " " + p.name
	}
	return keyWords[p.kind]
}

const perForm = "ip, route, host, header NAME, cookie NAME or query NAME"

// perOf declares `per`.
func perOf(parts *[]keyPart) *options.Items {
	return &options.Items{
		Form:    "list of `ip`, `route`, `host`, `header NAME`, `cookie NAME` and `query NAME`",
		Empty:   func() { *parts = nil },
		Default: func() { *parts = []keyPart{{kind: perIP}} },
		Append: func(s string) (wrong string) {
			p, wrong := parsePart(s)
			if wrong != "" {
				return fmt.Sprintf("got %q, %s", s, wrong)
			}
			if slices.Contains(*parts, p) {
				return fmt.Sprintf("%q is there twice", s)
			}
			*parts = append(*parts, p)
			return ""
		},
		End: func(written, _ int) string {
			if written == 0 {
				return "names nothing; want " + perForm
			}
			return ""
		},
		Texts: func() ([]string, options.Style) { return partTexts(*parts), options.Plain },
		Each:  options.Shape{Pattern: "ip|route|host|(header|cookie|query) .+"},
	}
}

func partTexts(parts []keyPart) []string {
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = p.String()
	}
	return all
}

func parsePart(s string) (p keyPart, wrong string) {
	word, name, _ := strings.Cut(s, " ")
	name = strings.TrimSpace(name)
	i := slices.Index(keyWords[:], word)
	p = keyPart{keyKind(max(i, 0)), name}
	switch {
	case word == "identity":
		return p, "which is not built yet"
	case i < 0:
		return p, "want " + perForm + options.DidYouMean(word, keyWords[:])
	case !p.named() && name != "":
		return p, "want " + word + " alone"
	case p.named() && name == "":
		return p, "want a name after " + word
	case p.kind == perHeader || p.kind == perCookie:
		if !options.Token(name) {
			return p, "want the name of a " + word
		}
	}
	if p.kind == perHeader {
		p.name = strings.ToLower(name)
	}
	return p, ""
}

// keyOf returns the key of the request: parts in their order, each with its kind and its length,
// so that values cannot slide into each other.
func keyOf(seed maphash.Seed, parts []keyPart, c *Call) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range parts {
		if p := &parts[i]; !p.write(&h, c) {
			writeClient(&h, c)
		}
	}
	return h.Sum64()
}

// write is false for what the request does not have.
func (p *keyPart) write(h *maphash.Hash, c *Call) bool {
	switch p.kind {
	case perRoute:
		writeText(h, p.kind, c.X.Route)
		return true
	case perHost:
		writeFolded(h, p.kind, c.Host)
		return len(c.Host) > 0
	case perHeader:
		return p.writeHeader(h, c)
	case perCookie:
		value, found := c.Head.Cookie(p.name)
		return found == headers.OneCookie && writeValue(h, p.kind, value)
	case perQuery:
		return p.writeParameter(h, c.Query)
	}
	return false
}

// writeHeader takes all lines of the field, because a backend may read any of them.
func (p *keyPart) writeHeader(h *maphash.Hash, c *Call) (found bool) {
	for i := range c.Head.Fields {
		if f := &c.Head.Fields[i]; !f.Drop && headers.SameName(f.Name, []byte(p.name)) {
			found = writeValue(h, p.kind, f.Value) || found
		}
	}
	return found
}

// writeValue is false for a value that is missing or empty.
func writeValue(h *maphash.Hash, kind keyKind, value []byte) bool {
	if len(value) == 0 {
		return false
	}
	writeStart(h, kind, len(value))
	_, _ = h.Write(value)
	return true
}

func writeText(h *maphash.Hash, kind keyKind, text string) {
	writeStart(h, kind, len(text))
	_, _ = h.WriteString(text)
}

// writeFolded is writeValue for a text whose case does not matter.
func writeFolded(h *maphash.Hash, kind keyKind, text []byte) {
	writeStart(h, kind, len(text))
	for _, c := range text {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		_ = h.WriteByte(c)
	}
}

// writeClient writes the address of the client.
func writeClient(h *maphash.Hash, c *Call) {
	a := exchange.ClientOf(c.X.Client).As16()
	writeStart(h, perIP, len(a))
	_, _ = h.Write(a[:])
}

func writeStart(h *maphash.Hash, kind keyKind, length int) {
	var start [5]byte
	start[0] = byte(kind)
	binary.LittleEndian.PutUint32(start[1:], uint32(length))
	_, _ = h.Write(start[:])
}

// writeParameter takes the value of the only parameter of that name, decoded as a form is: else
// one value would have as many keys as it has spellings.
func (p *keyPart) writeParameter(h *maphash.Hash, query []byte) bool {
	var raw []byte
	found := 0
	for len(query) > 0 {
		var member []byte
		member, query, _ = bytes.Cut(query, []byte{'&'})
		key, value, _ := bytes.Cut(member, []byte{'='})
		if decodesTo(key, p.name) {
			raw = value
			found++
		}
	}
	if found != 1 || len(raw) == 0 { // of several, backends read different ones
		return false
	}
	length := 0
	for rest := raw; len(rest) > 0; length++ {
		_, rest = decode(rest)
	}
	writeStart(h, p.kind, length)
	for rest := raw; len(rest) > 0; {
		var c byte
		c, rest = decode(rest)
		_ = h.WriteByte(c)
	}
	return true
}

// decodesTo reports whether raw is an encoding of name.
func decodesTo(raw []byte, name string) bool {
	for i := range len(name) {
		if len(raw) == 0 {
			return false
		}
		var c byte
		if c, raw = decode(raw); c != name[i] {
			return false
		}
	}
	return len(raw) == 0
}

// decode returns the first octet of raw, which is not empty, as a form decoder reads it.
func decode(raw []byte) (c byte, rest []byte) {
	switch {
	case raw[0] == '+':
		return ' ', raw[1:]
	case raw[0] == '%' && isTriplet(raw, 0):
		return unhex(raw[1])<<4 | unhex(raw[2]), raw[3:]
	}
	return raw[0], raw[1:]
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
