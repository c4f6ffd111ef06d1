// Package accesslog writes one line for each finished request.
//
// Log.Wanted decides, Log.Write appends a line to a bounded queue and returns; one
// goroutine writes what has gathered, in batches. A request never waits for the
// disk: when the queue is full its line is dropped and counted. Reopen follows a
// log rotation.
//
// Nothing a client sends can break a line: every value is escaped, control
// characters and invalid UTF-8 included.
package accesslog
