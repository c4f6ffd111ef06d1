//go:build penstock_nometrics

package metrics

// counting is explained beside its other value.
const counting = false
