// Package window counts durations and reads quantiles of a recent time from the counts.
//
// A Histogram only ever grows and is what requests write to: one atomic addition, no clock.
// Its readers remember how far they have read. Counts is what was recorded between two
// readings, and a Window keeps the Counts of the last slots of time. Several readers with
// windows of different lengths share one Histogram.
//
// The package reads no clock: the caller passes the time, in unix nanoseconds.
package window
