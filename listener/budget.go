package listener

// Open files that are reserved for other purposes than client connections, and the least number of
// those.
const (
	spareFiles     = 200 // listeners, logs, pipes of spliced transfers, dials, the admin's connections
	minConnections = 64  // granted even when the limit is too low for it
)

// ConnectionBudget returns how many client connections fit into a limit of open files
// beside the upstream connections and some spare: want, or fewer with lowered set, but
// not below 64 (or want, when that is less). Upstream there are at most busy
// connections in use, never more than clients that wait for them, and idle ones. A
// limit of 0 or less is unknown and grants want, as does a want that fits.
func ConnectionBudget(want, busy, idle, fileLimit int) (granted int, lowered bool) {
	left := fileLimit - idle - spareFiles
	room := max(left-busy, left/2, minConnections)
	if fileLimit <= 0 || want <= room {
		return want, false
	}
	return room, true
}
