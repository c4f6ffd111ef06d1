package gateway

// Statuses that the steps look at.
const (
	statusSwitchingProtocols = 101
	statusNoContent          = 204
)
