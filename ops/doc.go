// Package ops declares what operators are shown: the types behind the admin API, the
// metrics and the cache API. It holds no state and does nothing. The gateway fills the
// types; admin writes them as JSON, metrics as text.
//
// The JSON tags are the published names of the API.
package ops
