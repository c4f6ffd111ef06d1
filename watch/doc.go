// Package watch reports when the content of files has changed, however they are replaced:
// written in place, renamed over, swapped through a symbolic link as Kubernetes does, or
// bind-mounted anew, which the file system does not report.
package watch
