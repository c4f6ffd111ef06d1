// Package ratelimit bounds how much of something may happen in a time. It reads
// no clock: the time is given by the caller, in unix nanoseconds. Its parts are
// lock-free and do not allocate on use.
package ratelimit
