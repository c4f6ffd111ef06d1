// Package config is Penstock's configuration as data: YAML text in, a resolved
// and validated Config out. It imports nothing of ours and runs nothing.
//
// Load reads a file, Parse reads bytes. Both report the problems together, at most 1000, as
// Errors sorted by position, and return a Config only when there is none. Text that is not YAML
// and variables that are not set are reported before anything else is read. In a
// Config everything is decided: defaults are filled in, a route carries its own
// final timeouts, limits, upgrades and retries, and inline upstreams have become
// Upstreams with a name made from their URLs. Consumers never look at defaults.
//
// Units are always written: durations as 250ms, 5s, 1m, 1h; sizes as 512B,
// 16KiB, 64MiB, 1GiB; shares as 10%; rates as 10/s. `off` switches a default
// off. ${NAME} and ${NAME:-default} are expanded inside values after the YAML
// was parsed, so a value can never change the structure of the file.
//
// A reload takes every key except those that RestartOnly names.
package config
