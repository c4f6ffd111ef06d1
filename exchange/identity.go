package exchange

// Identity says who a request comes from, as far as a policy has verified it. The zero value
// is nobody. Exchange.Identify sets it.
type Identity struct {
	Source string // what verified the name, as the configuration calls it

	name    [maxIdentity]byte
	nameLen int
}

// Name returns the name, which is valid as long as the Identity; empty for nobody.
func (i *Identity) Name() []byte { return i.name[:i.nameLen] }

func (i *Identity) reset() {
	clear(i.name[:i.nameLen])
	i.Source, i.nameLen = "", 0
}

// Identity returns who the request comes from; it is never nil, and nobody before Identify. The
// pointer is valid until Release.
func (x *Exchange) Identity() *Identity { return &x.identity }

// Identify notes who the request comes from, in the place of an earlier one, and copies name. It
// returns false, and changes nothing, for a name that is empty or longer than 128 bytes: a name
// that is cut could be somebody else's.
func (x *Exchange) Identify(source string, name []byte) bool {
	if len(name) == 0 || len(name) > maxIdentity {
		return false
	}
	x.identity.reset()
	x.identity.Source = source
	x.identity.nameLen = copy(x.identity.name[:], name)
	return true
}
