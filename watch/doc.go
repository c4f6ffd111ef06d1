// Package watch reports when the content of files has changed, however they are replaced:
// written in place, renamed over, swapped through a symbolic link as Kubernetes does, or
// bind-mounted anew, which the file system does not report. A change is reported when the
// file has not changed for a while, or at once when it was replaced as a whole, so that a
// file that is being written is not reported.
package watch
