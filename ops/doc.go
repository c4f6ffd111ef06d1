// Package ops declares the types that operators are shown by the admin API, the metrics
// and the cache API. It has no state and no behaviour. The gateway fills the types; admin
// writes them as JSON, metrics as text.
//
// The JSON tags are the published names of the API.
package ops
