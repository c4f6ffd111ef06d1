package config

import (
	"net"
	"time"
)

// Upstream is a named set of backends and how they are used. Routes share it.
type Upstream struct {
	// Name is the key in the file. An inline upstream is named by its URLs,
	// joined by ",": equal lists in several routes are one upstream.
	Name        string
	Inline      bool // written in a route, with every default
	Balance     Balance
	Backends    []Backend // at least one; addresses are unique
	Host        HostPolicy
	Pool        Pool
	RetryBudget RetryBudget
	Eject       Eject
	DNS         DNS
	TLS         TLS // for https backends
}

// Scheme is how a backend is spoken to.
type Scheme uint8

// The schemes of a backend's URL.
const (
	HTTP  Scheme = iota // plain TCP
	HTTPS               // TLS over TCP
	Unix                // plain, over a Unix domain socket
	schemeCount
)

var schemeText = [schemeCount]string{HTTP: "http", HTTPS: "https", Unix: "unix"}

func (s Scheme) String() string { return schemeText[s] }

// Backend is one entry under backends. A name that resolves to several
// addresses becomes as many running backends, each with this weight.
type Backend struct {
	Scheme Scheme
	Host   string // name or IP address, lower case, without brackets; empty for Unix
	Port   string // decimal, the scheme's default when not written; empty for Unix
	Socket string // path of the socket; empty unless Unix
	Weight int    // 0..1000; 0 drains it
	Backup bool   // used only when the others are down
}

// Address names the backend in Route.Weights and in labels: "host:port", or
// "unix:/path". It is what was configured, before names are resolved.
func (b *Backend) Address() string {
	if b.Scheme == Unix {
		return "unix:" + b.Socket
	}
	return net.JoinHostPort(b.Host, b.Port)
}

// URL writes the backend as it may stand in the file, always with its port.
func (b *Backend) URL() string {
	if b.Scheme == Unix {
		return b.Address()
	}
	return b.Scheme.String() + "://" + b.Address()
}

// Method is a balancing method.
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

func (m Method) String() string { return methodText[m] }

// HashOn is what consistent hashing takes its key from.
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

func (h HashOn) String() string { return hashOnText[h] }

// Balance says how a backend is chosen.
type Balance struct {
	Method   Method
	HashOn   HashOn  // only for Hash
	HashName string  // field or cookie name, only for HashHeader and HashCookie
	Bound    float64 // only for Hash: load of one backend at most this multiple of the mean, > 1
}

// HostMode says which Host a backend sees.
type HostMode uint8

// The host policies.
const (
	HostPreserve HostMode = iota // the client's
	HostUpstream                 // the authority of the backend's URL
	HostFixed                    // HostPolicy.Name
)

// HostPolicy is the Host field sent to backends. SNI never depends on it.
type HostPolicy struct {
	Mode HostMode
	Name string // only for HostFixed: host or host:port
}

// Pool bounds the connections to each backend.
type Pool struct {
	Max          int           // open connections, at least 1
	Idle         int           // kept idle, 0..Max
	IdleTimeout  time.Duration // an idle one is closed after this; never zero
	MaxAge       time.Duration // a connection is not used again after this; zero means any age
	Queue        int           // requests waiting for a connection; zero means none waits
	QueueTimeout time.Duration // the longest wait; never zero while Queue > 0
}

// RetryBudget bounds retries over all routes of an upstream.
type RetryBudget struct {
	Off   bool    // no bound at all
	Ratio float64 // retries as a share of recent requests, 0..1
	Floor float64 // retries per second that are always allowed
}

// Eject takes a backend out after consecutive connection failures.
type Eject struct {
	Failures int           // in a row; zero means off
	Base     time.Duration // the first time out; doubles each time
	Max      time.Duration // the longest time out
	AtMost   float64       // share of the upstream that may be out at once, 0..1
}

// DNS says how names are followed.
type DNS struct {
	Refresh time.Duration // time between resolutions; never zero
}

// TLS is for https backends. File names are absolute. The zero value verifies
// against the system's roots by the URL's host.
type TLS struct {
	CA       string // PEM file of roots that replace the system's; empty means those
	Name     string // SNI and verified name; empty means the URL's host
	Cert     string // PEM file of the client certificate; empty means none
	Key      string // PEM file of its key; set exactly when Cert is
	Insecure bool   // do not verify at all
}
