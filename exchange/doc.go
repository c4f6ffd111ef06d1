// Package exchange holds the record of one request's journey: what the gateway
// decided and measured, in typed fields that every package may read.
//
// The request itself is in downstream.Request; nothing here knows HTTP
// parsing, sockets or configuration. An Exchange comes from Acquire and goes
// back with Release; nobody may keep a reference to it, or to any byte slice
// inside it, after that.
//
// The package also owns the names of everything that can go wrong: Kind is the
// proxy error type of RFC 9209 §2.3, Reason is our own finer name for a refusal.
// The same names appear in the log, in metrics, in Proxy-Status and in tests.
package exchange
