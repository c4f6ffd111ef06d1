// Package ratelimit bounds how often something may happen in a time. It reads no clock: the
// caller passes the time, in unix nanoseconds. Its types are lock-free and do not allocate
// after they were made.
package ratelimit
