// Package response describes what the gateway says to a client, before any version of HTTP
// gives it a form on the wire: a status, field lines, and a body that is at hand or arrives.
// It also has what every response carries, whoever made it: the request's id, the route's
// edits, Date. Nothing here knows status lines, chunks or connections.
package response
