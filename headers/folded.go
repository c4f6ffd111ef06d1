package headers

import "bytes"

// Folds reports whether name is one of names in a spelling that a backend may read alike: in
// any case, and with "_" for "-", as CGI and its descendants do. Without names it is false.
func Folds(name []byte, names [][]byte) bool {
	for _, n := range names {
		if sameFolded(name, n) {
			return true
		}
	}
	return false
}

// DropFolded marks every received field that Folds finds among names as dropped; those of the
// gateway's own stay.
func (b *Block) DropFolded(names [][]byte) {
	for i := range b.Fields {
		if f := &b.Fields[i]; !f.Ours && Folds(f.Name, names) {
			f.Drop = true
		}
	}
}

// DropUnderscored marks every received field that has "_" in its name as dropped. Programs that
// get fields as variables, as CGI and WSGI have them, cannot tell such a field from the one with
// "-".
func (b *Block) DropUnderscored() {
	for i := range b.Fields {
		if f := &b.Fields[i]; !f.Ours && bytes.IndexByte(f.Name, '_') >= 0 {
			f.Drop = true
		}
	}
}

func sameFolded(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if folded(a[i]) != folded(b[i]) {
			return false
		}
	}
	return true
}

func folded(c byte) byte {
	if c == '_' {
		return '-'
	}
	return lower(c)
}
