// Package admin serves the operator's listener: health, metrics, the state of
// routes and upstreams, changes of weights, reload and profiles.
//
// It sees the gateway only through the interfaces declared in state.go. Who may ask
// for what is decided in one place, gate.go: health and metrics are open; all else
// needs a Host that DNS rebinding cannot forge, on a listener that is not local also
// the token; what changes state needs the token whenever one is set and refuses
// requests that another web site may have caused. Every error is a problem document
// (RFC 9457).
package admin
