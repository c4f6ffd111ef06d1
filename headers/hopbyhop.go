package headers

// DropHopByHop marks the fields that are meant for this connection only (RFC 9110
// §7.6.1): the well-known ones and all that any Connection line lists. It also
// drops Content-Length, because whoever sends the message on writes its framing
// anew, and lookalikes such as Transfer_Encoding. Fields of the gateway's own stay.
//
// A name we know to be end-to-end cannot be listed away: a client that could make
// the gateway forget Host, Authorization or X-Forwarded-For would choose what the
// backend believes.
func (b *Block) DropHopByHop() {
	b.dropAll(hopByHop | setOf(ContentLength, Lookalike))
	if !b.seen.has(Connection) {
		return
	}
	for i := range b.Fields {
		if f := &b.Fields[i]; f.ID == Connection && !f.Ours {
			b.dropListed(f.Value)
		}
	}
}

func (b *Block) dropListed(value []byte) {
	for name := range List(value) {
		// Only names that we do not know can be named: the known ones are dropped
		// already or are end-to-end.
		if len(name) == 0 || IDOf(name) != Other {
			continue
		}
		for i := range b.Fields {
			if f := &b.Fields[i]; f.ID == Other && !f.Ours && SameName(f.Name, name) {
				f.Drop = true
			}
		}
	}
}
