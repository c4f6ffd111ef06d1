package main

import (
	"os"
	"strconv"
	"strings"
)

// processorTimes are the times in the first line of /proc/stat, summed over all processors,
// in ticks since the system started, see proc(5).
type processorTimes struct{ all, stolen int64 }

// readProcessorTimes returns zeros where there is no /proc/stat.
func readProcessorTimes() processorTimes {
	text, _ := os.ReadFile("/proc/stat")
	return parseProcessorTimes(string(text))
}

func parseProcessorTimes(text string) (t processorTimes) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	const user, stolen = 1, 8 // what follows is part of these
	for i := user; i < len(fields) && i <= stolen; i++ {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		t.all += n
		if i == stolen {
			t.stolen = n
		}
	}
	return t
}

// stolenSince returns the share of the processors' time that the host of a virtual machine
// gave to other machines.
func (t processorTimes) stolenSince(before processorTimes) float64 {
	if t.all <= before.all {
		return 0
	}
	return float64(t.stolen-before.stolen) / float64(t.all-before.all)
}
