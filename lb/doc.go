// Package lb chooses a backend for a request: which one, with which share, and
// which ones to leave alone for a while. It knows no HTTP, opens no sockets and
// reads no clock: keys, outcomes and the time are given by the caller.
//
// A Backend is the state that every route shares: requests in flight, latency,
// ejection. A Group is the set of backends of one upstream and the rule by which
// they are ejected. A Pool is the immutable view that one route has of a Group:
// its own weights, its own balancing method, its own cursor. One request goes
//
//	b := pool.Pick(key, &tried, now.UnixNano())
//	b.Begin()
//	... the attempt ...
//	b.End(lb.Success, took, now)
//
// and, when it is tried again, tried.Add(b) before the next Pick.
//
// When the addresses of an upstream change, the caller builds a new Group from
// the backends that stay (the same pointers, so their state stays too) and the
// new ones, and a new Pool for each route. Old pools go on working until their
// last request has ended.
package lb
