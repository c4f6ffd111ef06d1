package exchange

// refusals are the faults of our own making: one shared, immutable value each.
var refusals = func() (table [reasonCount]*Fault) {
	for r := range table {
		table[r] = &Fault{Kind: reasonKind(Reason(r)), Reason: Reason(r), Source: reasonSource(Reason(r))}
	}
	return table
}()

// Refuse returns the shared fault for r. It allocates nothing; nobody may write to it.
func Refuse(r Reason) *Fault { return refusals[r] }

func reasonKind(r Reason) Kind {
	switch r {
	case NoRoute:
		return DestinationNotFound
	case Loop:
		return ProxyLoopDetected
	case Overloaded, QueueFull, QueueTimeout:
		return ConnectionLimitReached
	case NoBackend:
		return DestinationUnavailable
	case OutOfTime, FirstByteTimeout, BodyIdleTimeout:
		return HTTPResponseTimeout
	case UpgradeUnasked:
		return HTTPUpgradeFailed
	case MethodRefused, TooManyConnections, NotCached, PurgeRefused:
		return HTTPRequestDenied
	case Panicked:
		return ProxyInternalError
	default:
		return HTTPRequestError
	}
}

func reasonSource(r Reason) Source {
	switch r {
	case NoRoute, Loop, Overloaded, TooManyConnections, MethodRefused, OutOfTime, NotCached, PurgeRefused, Panicked:
		return Gateway
	case NoBackend, QueueFull, QueueTimeout, FirstByteTimeout, BodyIdleTimeout, UpgradeUnasked:
		return Upstream
	default:
		return Client
	}
}
