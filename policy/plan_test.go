package policy

import (
	"slices"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/headers"
	"penstock/options"
	"penstock/response"
)

func TestOrder(t *testing.T) {
	table := Table()
	place := map[string]int{}
	for i, row := range Order() {
		if _, twice := place[row.Name]; twice || row.Name == "" || row.Why == "" {
			t.Errorf("row %d: key %q, why %q: each must have its own", i, row.Name, row.Why)
		}
		place[row.Name] = i
		if table[i].Name != row.Name {
			t.Errorf("row %d of the table is %s, want %s", i, table[i].Name, row.Name)
		}
	}
	for _, pair := range [][2]string{
		{"access", "auth"}, {"cors", "auth"}, {"rate_limit", "auth"}, {"auth", "allow"},
		{"allow", "redirect"}, {"allow", "respond"}, {"allow", "files"}, // a gate also guards what the gateway itself has
		{"respond", "fault"}, {"mirror", "rewrite"}, {"error_pages", "compress"}, {"secure", "headers"},
	} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s comes after %s", pair[0], pair[1])
		}
	}
	if last := table[len(table)-1].Name; last != "headers" {
		t.Errorf("the last row is %s, want headers: what the operator writes is final", last)
	}
}

// witness has every hook and notes each call.
type witness struct {
	name    string
	verdict Verdict
	calls   *[]string
}

func (w *witness) Keys(options.Keys) {}

func (w *witness) note(hook string) { *w.calls = append(*w.calls, w.name+"."+hook) }

func (w *witness) OnRequest(*Call) Verdict {
	w.note("request")
	return w.verdict
}

func (w *witness) OnForward(*Call) Verdict {
	w.note("forward")
	return w.verdict
}

func (w *witness) EditRequest(*headers.Block, *Call) { w.note("edit") }

func (w *witness) Reserved() []string { return []string{"X-" + w.name, "X-Both"} }

func (w *witness) AppendRequest(dst []byte, _ *Call) []byte { return append(dst, w.name...) }

func (w *witness) OnResponse(_ *Call, _ int, head *headers.Block) {
	w.note("response")
	head.DropNamed([]byte("X-Gone"))
	head.Add([]byte("X-By"), []byte(w.name))
}

func (w *witness) EditFields(*headers.Block, *Call) { w.note("fields") }

func (w *witness) OnFinish(*exchange.Exchange) { w.note("finish") }

// nothing is a policy that its keys have switched off.
type nothing struct{}

func (nothing) Keys(options.Keys) {}
func (nothing) Parts() []any      { return nil }

func TestPlanCallsEveryHookInOrder(t *testing.T) {
	var calls []string
	plan := Compile(&witness{"a", Continue, &calls}, nothing{}, &witness{"b", Continue, &calls})
	var head headers.Block
	head.Parse([]byte("X-Gone: 1\r\nX-Kept: 2\r\n\r\n"))
	call := new(Call)
	if plan.OnRequest(call) != Continue || plan.OnForward(call) != Continue {
		t.Error("a policy decided that had nothing to decide")
	}
	plan.EditRequest(&head, call)
	out := plan.AppendRequest([]byte("fields "), call)
	plan.OnResponse(call, 200, &head)
	plan.EditFields(&head, call)
	plan.OnFinish(nil)
	want := "a.request b.request a.forward b.forward a.edit b.edit a.response b.response a.fields b.fields a.finish b.finish"
	if got := strings.Join(calls, " "); got != want {
		t.Errorf("calls:\n got %s\nwant %s", got, want)
	}
	if string(out) != "fields ab" {
		t.Errorf("appended %q", out)
	}
	if got, want := plan.Reserved(), []string{"X-Both", "X-a", "X-b"}; !slices.Equal(got, want) {
		t.Errorf("reserved %q, want %q", got, want)
	}
	if plan.Target() != nil || !plan.EditsFields() {
		t.Errorf("target %v, edits fields %v", plan.Target(), plan.EditsFields())
	}
	for _, f := range head.Fields { // as if the backend had sent it so
		if f.Drop || f.Ours {
			t.Errorf("%s: dropped %v, ours %v", f.Name, f.Drop, f.Ours)
		}
	}
	if got, want := string(head.Append(nil)), "X-Kept: 2\r\nX-By: a\r\nX-By: b\r\n"; got != want {
		t.Errorf("response %q, want %q", got, want)
	}
}

func TestTheFirstVerdictEndsTheRequest(t *testing.T) {
	for _, v := range []Verdict{Responded, refused} {
		var calls []string
		plan := Compile(&witness{"a", v, &calls}, &witness{"b", Continue, &calls})
		if got := []Verdict{plan.OnRequest(new(Call)), plan.OnForward(new(Call))}; got[0] != v || got[1] != v {
			t.Errorf("got %v, want %v", got, v)
		}
		if want := []string{"a.request", "a.forward"}; !slices.Equal(calls, want) {
			t.Errorf("calls %q, want %q", calls, want)
		}
	}
	for v := range verdictCount {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
}

func TestNoHooksAreNoPlan(t *testing.T) {
	for name, policies := range map[string][]any{
		"no policies":         nil,
		"one without a part":  {nothing{}},
		"edits of nothing":    {compiled(t, &Headers{})},
		"two without a parts": {nothing{}, nothing{}},
	} {
		if plan := Compile(policies...); plan != nil {
			t.Errorf("%s: got a plan, want none", name)
		}
	}
}

func TestARefusalHasItsFaultAndItsFields(t *testing.T) {
	f := exchange.Refuse(exchange.TooManyConnections)
	c := Call{Response: new(response.Response)}
	c.Response.AddField([]byte("Retry-After"), []byte("7"))
	if v := c.Refuse(f); v == Continue || v == Responded || c.Fault() != f {
		t.Errorf("got %v, fault %v", v, c.Fault())
	}
	if got := string(c.Response.Fields); got != "Retry-After: 7\r\n" {
		t.Errorf("fields %q", got)
	}
}
