package headers

import "net/netip"

// Forwarding writes the fields that tell a backend where a request came from. The zero value
// writes nothing, and drops what was received as from an untrusted peer.
type Forwarding struct {
	Peer      netip.Addr // other end of the socket; zero when it has no address (unix sockets)
	Trusted   bool       // what the peer says about earlier hops is believed
	Proto     string     // "http" or "https": how the request reached us; empty leaves it out
	Host      []byte     // as the client asked for it; empty leaves the host out
	Forwarded bool       // also write Forwarded (RFC 7239)
}

// Append appends X-Forwarded-For, -Proto and -Host, and Forwarded when switched
// on, as field lines to dst and returns the longer slice. A trusted peer's
// addresses are continued and its Proto and Host kept; from anyone else all of
// X-Forwarded-*, Forwarded and X-Real-IP are dropped, and those that Append writes replaced.
// Lookalikes such as X_Forwarded_For are always dropped. Without a Peer X-Forwarded-For is not
// written, and Forwarded says for=unknown. Fields that Edits set or removed before stay as the
// operator wants them. Append marks what it replaces in b as dropped, so call it before
// Block.Append.
func (f *Forwarding) Append(dst []byte, b *Block) []byte {
	if !f.Trusted {
		b.dropAll(forwarding)
	}
	b.dropAll(1 << Lookalike)
	dst = f.appendFor(dst, b)
	if f.writes(b, XForwardedProto) && f.Proto != "" {
		dst = append(dst, "X-Forwarded-Proto: "...)
		dst = append(dst, f.Proto...)
		dst = append(dst, "\r\n"...)
	}
	if f.writes(b, XForwardedHost) && len(f.Host) > 0 {
		dst = append(dst, "X-Forwarded-Host: "...)
		dst = append(dst, f.Host...)
		dst = append(dst, "\r\n"...)
	}
	if f.Forwarded && !edited(b, Forwarded) {
		dst = f.appendForwarded(dst, b)
	}
	return dst
}

// writes reports whether the field is ours to write.
func (f *Forwarding) writes(b *Block, id ID) bool {
	return !b.removed.has(id) && !b.Has(id)
}

// edited reports whether the operator's Edits decided about the field.
func edited(b *Block, id ID) bool {
	if b.removed.has(id) {
		return true
	}
	for i := range b.Fields {
		if b.Fields[i].ID == id && b.Fields[i].Ours {
			return true
		}
	}
	return false
}

func (f *Forwarding) appendFor(dst []byte, b *Block) []byte {
	if !f.Peer.IsValid() || edited(b, XForwardedFor) {
		return dst
	}
	dst = append(dst, "X-Forwarded-For: "...)
	dst = appendJoined(dst, b, XForwardedFor)
	dst = f.Peer.Unmap().WithZone("").AppendTo(dst)
	return append(dst, "\r\n"...)
}

// appendForwarded continues the list of forwarded-elements (RFC 7239 §4).
func (f *Forwarding) appendForwarded(dst []byte, b *Block) []byte {
	dst = append(dst, "Forwarded: "...)
	dst = appendJoined(dst, b, Forwarded)
	switch addr := f.Peer.Unmap().WithZone(""); {
	case !addr.IsValid():
		dst = append(dst, "for=unknown"...)
	case addr.Is4():
		dst = append(dst, "for="...)
		dst = addr.AppendTo(dst)
	default: // brackets and colons are not token characters (RFC 7239 §6)
		dst = append(dst, `for="[`...)
		dst = addr.AppendTo(dst)
		dst = append(dst, `]"`...)
	}
	if len(f.Host) > 0 {
		dst = append(dst, ";host="...)
		dst = appendWord(dst, f.Host)
	}
	if f.Proto != "" {
		dst = append(dst, ";proto="...)
		dst = append(dst, f.Proto...)
	}
	return append(dst, "\r\n"...)
}

// appendWord appends value as a token or, when it is none, as a quoted string
// (RFC 9110 §5.6.4).
func appendWord(dst, value []byte) []byte {
	if nameLength(value) == len(value) {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	for _, c := range value {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
