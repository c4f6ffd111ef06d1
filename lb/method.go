package lb

// Method is a way of choosing among the usable backends of a pool. The zero value is RoundRobin.
type Method uint8

// The methods that a route can name.
const (
	RoundRobin     Method = iota // smooth weighted round robin: exact shares
	LeastConn                    // fewest requests in flight per weight; above 16 backends, of four weighted random draws
	P2C                          // the less busy of two weighted random draws
	Latency                      // the lower of latency x in-flight / weight of two random draws
	Random                       // a weighted random draw
	ConsistentHash               // consistent hashing of the key, with bounded load
	methodCount
)

var methodText = [methodCount]string{
	RoundRobin:     "round_robin",
	LeastConn:      "least_conn",
	P2C:            "p2c",
	Latency:        "latency",
	Random:         "random",
	ConsistentHash: "hash",
}

// String returns the name as the configuration spells it. It panics for a value that is none
// of the methods.
func (m Method) String() string { return methodText[m] }

// ParseMethod returns the method of that name, as String spells it; RoundRobin and false when
// there is none, also for "".
func ParseMethod(name string) (Method, bool) {
	for m, text := range methodText {
		if text == name {
			return Method(m), true
		}
	}
	return 0, false
}
