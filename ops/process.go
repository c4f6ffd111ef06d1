package ops

// Process is the present state of what exists once. Totals count from the start of
// the process.
type Process struct {
	Connections    int    // open client connections
	Parked         int    // of them, those that were idle for a second and have released their buffers
	Refused        uint64 // client connections refused by limits.connections so far
	Tunnels        int    // open tunnels
	BufferedBodies int64  // bytes of buffers for request bodies that were read before a backend was asked
	Generations    int    // configurations in use: the current one, and those that requests still live on
	AccessLogLines uint64 // access log lines lost to a full queue or a failed write so far
}
