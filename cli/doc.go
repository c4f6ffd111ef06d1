// Package cli is the command line: it reads arguments, wires the rooms of the
// gateway together and turns the end of it all into an exit code.
//
// Main dispatches to one function per subcommand, each in the file of its name.
// Answers go to standard output, complaints and the process log to standard
// error. Nothing here is reached by a request.
package cli
