// Package metrics counts what the gateway does and writes it in the Prometheus
// text format.
//
// A Registry owns all counters; there are no globals. Handles (Route, Upstream) are made
// when a snapshot is assembled and survive reloads, so that no counter restarts. Series of
// backends are made from attempts and from the gateway's list of backends. The gateway calls
// Route.Begin and Route.Observe for each request; both allocate nothing, take no lock and
// write to a shard that mostly belongs to the processor that runs them.
//
// Label values come from the configuration, from exchange.Reason and exchange.Kind,
// and from the status code registry, never from a request. Requests that matched no
// route are counted under route="". names.go lists every name.
package metrics
