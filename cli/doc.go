// Package cli is the command line: it reads arguments, connects the packages of the gateway,
// and returns the exit code.
//
// Main dispatches to one function per subcommand, each in the file of its name. Results go
// to standard output, errors and the process log to standard error. No code of the package
// runs on the request path.
package cli
