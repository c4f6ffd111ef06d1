// Package accesslog writes one line for each finished request.
//
// Log.Wanted decides, Log.Write gives a line to the queue of package logfile and returns:
// a request never waits for the disk. Reopen follows a log rotation.
//
// No value that a client sends can break a line: all are escaped, control characters and
// invalid UTF-8 included.
package accesslog
