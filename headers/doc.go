// Package headers holds the rules of HTTP field sections: reading them strictly,
// judging the framing they state, and deciding which fields travel on.
//
// A Block is a view: its fields are slices of the bytes it was parsed from, so
// names keep their case, values their bytes and duplicates their order. Nothing
// here copies a section, and nothing on the request path allocates.
//
// The order in which a proxied request uses the package: Block.Parse, then
// RequestFraming and SplitTarget as the only judges of length and target, then
// Block.DropHopByHop, Edits.Apply, Forwarding.Append, AppendVia and last
// Block.Append. A response goes through ParseStatusLine, Block.Parse,
// ResponseFraming, DropHopByHop, Edits.Apply and Append.
//
// The package is strict on purpose. Two readers that understand a message
// differently are what request smuggling lives on, so whatever RFC 9110 and
// RFC 9112 forbid is refused with a named Problem instead of repaired.
package headers
