//go:build !unix

package listener

// RaiseFileLimit does nothing on a system without such a limit: 0 means unknown.
func RaiseFileLimit() (soft uint64, err error) { return 0, nil }
