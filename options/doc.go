// Package options is how a section of the configuration, or a policy of a route,
// declares its keys: once each, with type, unit, default, documentation, and
// whether a reload can change it. It knows only the standard library.
//
// A declaration is a method Keys, which names the keys to the Keys that it is
// given, as a program names its flags to a flag.FlagSet:
//
//	func (t *Timeouts) Keys(k options.Keys) {
//		k.Duration("connect", &t.Connect, time.Second, "TCP and TLS to a backend")
//		k.Duration("idle", &t.Idle, 75*time.Second, "between two requests", options.Off)
//		k.Section("drain", t.Drain.Keys, "how SIGTERM is followed")
//	}
//
// Who needs the keys walks them with Section.Declared and gets a Key for each,
// whose Value reads and writes the field that was declared. Package config reads
// and prints files that way. Reset, Restart, Rows and Schema are other walks:
// the defaults, what only a start can change, the tables of the documentation,
// and a JSON schema for editors.
//
// A value comes from text and says itself what is wrong with it. It knows no
// positions: those are the reader's.
package options
