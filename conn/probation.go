package conn

// Bounds of StartSmall. Without them a peer that reads nothing is given as much as the
// largest buffers on the way, which is 4 to 20 MiB a response: to copy that costs the backend
// and us more than a thousand small requests, and the client one request.
const (
	mostUnsent = 64 << 10  // bytes that the kernel keeps before it has sent them; those under way do not count
	provenBy   = 512 << 10 // bytes of one transfer, more than such buffers on the way can hold
)

// probation is what is known of one direction of a connection.
type probation uint8

const (
	unrestricted probation = iota // no long transfer yet
	restricted
	proven // for the rest of the connection's life
)
