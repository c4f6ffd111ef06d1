// Package watch tells when the content of files has changed, whichever way they are
// replaced: written in place, renamed over, swapped through a symbolic link as
// Kubernetes does, or bind-mounted anew, of which the file system gives no notice.
package watch
