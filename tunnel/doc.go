// Package tunnel carries the bytes of upgraded connections: two connections joined
// both ways until both directions have ended, watched for idleness, counted, and
// drained at shutdown. It knows no HTTP.
package tunnel
