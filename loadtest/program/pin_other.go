//go:build !linux

package program

import "errors"

var errNoPin = errors.New("this system does not keep programs on chosen processors")

// CPUs returns nil and an error: it is implemented for Linux only.
func CPUs() ([]int, error) { return nil, errNoPin }

// Confine returns an error: only Linux can.
func Confine([]int) error { return errNoPin }

func startOn(cpus []int, start func() error) error {
	if cpus != nil {
		return errNoPin
	}
	return start()
}
