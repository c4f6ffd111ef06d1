package metrics

import (
	"sync/atomic"

	"penstock/exchange"
)

// faultNames are the names a fault can have: every Reason, then every Kind, then
// "other" for names that this build does not know.
var faultNames = func() (names []string) {
	exchange.Reasons(func(r exchange.Reason) { names = append(names, r.String()) })
	for k := exchange.NoKind; k <= exchange.ProxyLoopDetected; k++ {
		names = append(names, k.String())
	}
	return append(names, "other")
}()

// reasons is the number of reasons at the start of faultNames.
var reasons = len(faultNames) - 2 - int(exchange.ProxyLoopDetected)

// faultCounts counts faults by name. The index is that of faultNames.
type faultCounts []atomic.Uint64

func newFaultCounts() faultCounts { return make(faultCounts, len(faultNames)) }

// add counts f under the name that f.Name returns.
func (c faultCounts) add(f *exchange.Fault) {
	i := int(f.Reason) - 1
	if f.Reason == exchange.NoReason {
		i = reasons + int(f.Kind)
	}
	c[min(i, len(c)-1)].Add(1)
}
