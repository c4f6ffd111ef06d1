package policy

// safety says where in a target an octet may stand as it is.
type safety uint8

const (
	pathSafe  safety = 1 << iota // pchar and "/" (RFC 3986 §3.3)
	querySafe                    // what cannot end or split a query's value
	tailSafe                     // anywhere in a query (RFC 3986 §3.4)
	hexDigit
)

// octets is the safety of every octet. "%" has none: it depends on what follows.
var octets = func() (table [256]safety) {
	mark := func(s safety, set string) {
		for i := range len(set) {
			table[set[i]] |= s
		}
	}
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	mark(pathSafe, plain+"!$&'()*+,;=:@/")
	mark(querySafe, plain+"/:@")
	mark(tailSafe, plain+"!$&'()*+,;=:@/?")
	mark(hexDigit, "0123456789abcdefABCDEF")
	return table
}()

func isTriplet[T []byte | string](s T, at int) bool {
	return at+2 < len(s) && s[at] == '%' && octets[s[at+1]]&hexDigit != 0 && octets[s[at+2]]&hexDigit != 0
}

// appendEncoded appends s with all octets percent-encoded that are not safe there.
// Octets that are percent-encoded already stay so.
func appendEncoded(dst, s []byte, where safety) []byte {
	const digits = "0123456789ABCDEF"
	for i, c := range s {
		if octets[c]&where != 0 || c == '%' && isTriplet(s, i) {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', digits[c>>4], digits[c&15])
	}
	return dst
}
