package config

import (
	"fmt"
	"slices"
	"strings"

	"penstock/options"
)

// Method is a balancing method. The zero value is RoundRobin.
type Method uint8

// The balancing methods.
const (
	RoundRobin Method = iota // smooth weighted round robin
	LeastConn                // fewest requests in flight per weight
	P2C                      // the better of two random ones
	Latency                  // peak EWMA of the latency times in flight per weight
	Random                   // by weight
	Hash                     // consistent hashing with bounded load
	methodCount
)

var methodText = [methodCount]string{
	RoundRobin: "round_robin", LeastConn: "least_conn", P2C: "p2c",
	Latency: "latency", Random: "random", Hash: "hash",
}

// String returns the word of the file. It panics for a value that is none of the constants.
func (m Method) String() string { return methodText[m] }

// HashOn is the part of a request that consistent hashing takes its key from. A request without
// it is hashed by HashIP, which is the zero value.
type HashOn uint8

// The sources of a hash key.
const (
	HashIP     HashOn = iota // the client's address
	HashPath                 // the normalised path
	HashHeader               // the header field HashName
	HashCookie               // the cookie HashName
	hashOnCount
)

var hashOnText = [hashOnCount]string{HashIP: "ip", HashPath: "path", HashHeader: "header", HashCookie: "cookie"}

// String returns the word of the file. It panics for a value that is none of the constants.
func (h HashOn) String() string { return hashOnText[h] }

// Balance says how a backend is chosen. The zero value is round robin.
type Balance struct {
	Method   Method
	HashOn   HashOn  // only for Hash
	HashName string  // field or cookie name, only for HashHeader and HashCookie
	Bound    float64 // only for Hash: load of one backend at most this multiple of the mean, 1.01..10
}

const defaultBound = 1.25 // of Balance, when it hashes

// section declares `balance`: the name of a method, or a mapping for hashing.
func (b *Balance) section() *options.Section {
	words := methodText[:Hash]
	methods := []Method{RoundRobin, LeastConn, P2C, Latency, Random}
	return &options.Section{
		Form:    "`" + strings.Join(words, "`, `") + "`, or a mapping for hashing",
		Want:    "text",
		Default: func() { *b = Balance{} },
		Begin: func(mapping bool) {
			if mapping {
				*b = Balance{Method: Hash, Bound: defaultBound}
			}
		},
		Keys: func(k options.Keys) {
			k.Itself(&balanceMethod{options.OneOf(&b.Method, words, methods)})
			b.Keys(k)
		},
		Check: func(r options.Report) {
			if !r.Has("hash") {
				r.Problem("", `has no hash; write { hash: ip } or one of %s`, options.Alternatives(words))
			}
		},
	}
}

// balanceMethod is the name of a method that needs no mapping.
type balanceMethod struct{ options.Scalar }

// Set stores the method of that name and returns the problem of an unknown one or of hash, which
// needs the mapping.
func (m *balanceMethod) Set(text string) (wrong string) {
	if text == Hash.String() {
		return `got "hash", want what to hash, such as { hash: ip } or { hash: header X-Tenant }`
	}
	return m.Scalar.Set(text)
}

// Keys declares the keys of `balance` for hashing.
func (b *Balance) Keys(k options.Keys) {
	k.Add("hash", &options.Phrase{
		Form: "`ip`, `path`, `header NAME` or `cookie NAME`",
		Read: b.setHash,
		Text: func() (string, options.Style) {
			if b.Method != Hash {
				return "", options.Absent
			}
			return strings.TrimSpace(b.HashOn.String() + " " + b.HashName), options.Quoted
		},
		Texts: options.Shape{Pattern: "ip|path|(header|cookie) " + options.TokenPattern},
	}, "consistent hashing on it; a request without the field goes by `ip`")
	k.Share("bound", &b.Bound, defaultBound, "the load of one backend, against the mean", options.Within(101, 1000))
}

func (b *Balance) setHash(s string) (wrong string) {
	source, name, named := strings.Cut(s, " ")
	i := slices.Index(hashOnText[:], source)
	wantsName := i == int(HashHeader) || i == int(HashCookie)
	if i < 0 || named != wantsName || named && !options.Token(name) {
		return fmt.Sprintf("got %q, want ip, path, header NAME or cookie NAME", s)
	}
	b.HashOn, b.HashName = HashOn(i), name
	return ""
}
