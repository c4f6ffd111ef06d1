package response

import (
	"encoding/json"
	"testing"

	"penstock/exchange"
)

func TestEveryProblemIsValidJSON(t *testing.T) {
	var faults []*exchange.Fault
	exchange.Reasons(func(r exchange.Reason) { faults = append(faults, exchange.Refuse(r)) })
	for k := exchange.NoKind; k <= exchange.ProxyLoopDetected; k++ {
		faults = append(faults, &exchange.Fault{Kind: k})
	}
	for _, f := range faults {
		type problem struct {
			Type, Title, Detail, Reason string
			Status                      int
		}
		var got problem
		text := AppendProblem(nil, false, f, Problem{})
		want := problem{"about:blank", StatusText(f.Status()), f.Reason.Public(), f.Name(), f.Status()}
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s: %v, got %+v, want %+v", text, err, got, want)
		}
	}
}
