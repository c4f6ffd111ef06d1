// Package options lets a section of the configuration, or a policy of a route, declare its
// keys: once each, with type, unit, default, documentation, and whether a reload can change
// it. It imports only the standard library.
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
// Section.Declared visits the keys of a section with a Key for each, whose Value reads and
// writes the declared field. Package config reads and prints files that way. Reset, Restart,
// Rows and Schema visit them for the defaults, for keys that only a start can change, for the
// tables of the documentation, and for a JSON schema for editors. A walk
// that reads a file says which keys it wants (Section.AppendDeclared), so that no values are
// made for the others.
//
// A Value parses text and returns the problem of an invalid one. Positions in the file are
// the concern of package config.
package options
