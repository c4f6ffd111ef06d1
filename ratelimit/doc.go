// Package ratelimit bounds how often something may happen in a time, how much of it may happen
// at once, and what waits for that. It reads no clock: the caller passes the time, in
// nanoseconds. Its types do not allocate after they were made, and none blocks, except for the
// lock of a few keys and that of a Room.
package ratelimit
