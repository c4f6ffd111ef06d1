// Package admin serves the operator's listener: health, metrics, the state of
// routes and upstreams, changes of weights, reload and profiles.
//
// It uses the gateway only through the interfaces declared in state.go. The file gate.go
// decides which requests are allowed: health and metrics are open. All other requests need
// a Host that DNS rebinding cannot forge, and the token if the listener is not local.
// Requests that change state need the token whenever one is set, and are refused if
// another web site may have caused them. Every error is a problem document (RFC 9457).
package admin
