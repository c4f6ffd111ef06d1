package report

// explanations say why the cost of each family of scenarios grows, and how that was
// found out. They name causes, not figures: those are the run's own.
func explanations() map[string]string {
	return map[string]string{
		"connections": "Penstock makes as many system calls a request for thousands of connections as for a few, and each of them takes longer. " +
			"A connection that is busy holds its goroutine's stack, its buffers and two sockets; together they no longer fit into the processor's caches, " +
			"so that by the time a connection has its turn again, all of it has to come from memory. That touches the kernel's code as much as ours. " +
			"Waking many goroutines after one look at epoll adds a little. Found by system calls counted and by profiles, ours and the kernel's, at both ends. " +
			"The latencies grow because everybody waits for everybody: in a closed loop they are connections / requests a second.",
		"routes": "A route is found in maps and a tree that is as deep as the path, whatever the number of routes: no more steps, but larger tables. " +
			"Routes that are visited in turn leave the processor's caches between two visits, and the look-up waits for memory. " +
			"Found by profiles at both ends: the kernel's part stays as it is, what is added is the map in the tree.",
		"backends": "Picking a backend takes the same steps for any number, and once its connections are open no system call is added. But each backend has connections of its own: " +
			"where one or two were used all the time and lay in the processor's caches, each is now used once in a while, and its socket, buffers and counters come from memory. " +
			"A part is the opening of a connection to each of them when a measurement begins. Found by system calls counted and by profiles, ours and the kernel's, at both ends. " +
			"nginx looks through its idle connections one by one for one to the chosen backend, hence its slope.",
		"objects": "An object is found by its hash in one step, whatever their number. Objects that are requested at random lie anywhere in a store larger than the processor's caches: " +
			"the index, the object and the counters that decide about admission are each a wait for memory. Found by profiles at both ends; the kernel's part does not grow. " +
			"nginx keeps its objects in files and can keep only a limited number of them open; it opens the others for each response.",
	}
}
