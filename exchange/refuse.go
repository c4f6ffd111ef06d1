package exchange

// refusals are the faults of our own making: one shared, immutable value each.
var refusals = func() (table [reasonCount]*Fault) {
	for r := range table {
		table[r] = &Fault{Kind: reasons[r].kind, Reason: Reason(r), Source: reasons[r].source}
	}
	return table
}()

// Refuse returns the shared fault for r, with its Kind and Source and without an Err; see
// Fault.Because. It allocates nothing and never returns nil; nobody may write to the fault. It
// panics for a value that is none of the reasons.
func Refuse(r Reason) *Fault { return refusals[r] }
