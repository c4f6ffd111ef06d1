// Package logfile writes lines to a file, a pipe or a standard stream without making
// their writer wait.
//
// Queue.Write copies a line into a bounded queue and returns; one goroutine writes what
// has gathered, in batches. When the queue is full, or a write fails, lines are dropped
// and counted. So a full disk, a pipe that nobody reads and a reader that has gone cost
// lines, never time.
package logfile
