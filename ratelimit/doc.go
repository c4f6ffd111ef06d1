// Package ratelimit bounds how often something may happen in a time. It reads no clock: the
// caller passes the time, in nanoseconds. Its types do not allocate after they were made; none
// waits but for the lock of a few keys.
package ratelimit
