package gateway

// Statuses that the steps look at.
const (
	statusSwitchingProtocols  = 101
	statusNoContent           = 204
	statusPartialContent      = 206
	statusNotModified         = 304
	statusRangeNotSatisfiable = 416
)
