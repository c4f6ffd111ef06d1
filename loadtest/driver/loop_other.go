//go:build !linux

package driver

import (
	"context"
	"errors"
	"fmt"
)

// drive needs Linux: one thread over thousands of sockets is epoll there.
func drive(context.Context, Options) (*Report, error) {
	return nil, fmt.Errorf("open loop: it is written for Linux: %w", errors.ErrUnsupported)
}
