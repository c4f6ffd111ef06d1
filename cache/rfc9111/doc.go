// Package rfc9111 holds the rules of a shared HTTP cache as pure functions over
// field values: what may be stored, how long it stays fresh, when it may be
// reused, how a stored response is validated, selected, cut into ranges and
// thrown away. It knows no sockets, no HTTP library and no clock: time is an
// argument everywhere, and bytes come in through Fields.
//
// The order in which a cache uses it:
//
//  1. ReadRequest reads a request's fields in one pass.
//  2. AppendVariantKey gives the key of the variant that this request selects.
//  3. Decide compares the numbers of the stored Meta with the clock and says
//     whether the stored response may be used; Request.NotModified, and then
//     Request.Ranges, say which form it takes (RFC 9110 §13.2.2).
//  4. When the request goes to the origin, AppendValidators writes the conditions for it,
//     and ClientCondition names the fields of the client that do not travel.
//  5. ReadResponse reads the response in one pass; MayStore names why it is not
//     stored; NewMeta turns it into the numbers that later hits compare, and
//     Response.AppendStored writes the fields to keep.
//  6. After a 304 or a HEAD, SelectedBy, AppendFreshened and HeadUpdate update
//     what is stored; after an unsafe method, Invalidates and SameOrigin say
//     what has to go.
//
// Sources: RFC 9111 (caching), RFC 9110 (conditional and range requests, dates),
// RFC 5861 (stale-while-revalidate, stale-if-error), RFC 8246 (immutable), RFC
// 9213 (targeted cache control), RFC 9651 (structured fields), RFC 9211
// (Cache-Status). Where they leave a choice, the cautious one is taken: what
// cannot be read makes a response stale, never fresh.
//
// Functions that a hit goes through allocate nothing. Nothing here keeps a
// reference to what it is given, but for Request and Response, which are views
// and end with the bytes they were read from.
package rfc9111
