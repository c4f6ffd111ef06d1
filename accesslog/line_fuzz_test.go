package accesslog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"penstock/exchange"
)

// FuzzLine: whatever a client sends, an entry is one line; as JSON it has its own
// keys and no other, and the client's words as they were.
func FuzzLine(f *testing.F) {
	f.Add([]byte("GET"), []byte("a.example"), []byte("/items?q=\"1\"\n"), []byte("curl/8\xff"), []byte("id-1"))
	f.Add([]byte("\",\"status\":200,\"x\":\""), []byte("\\"), []byte("/\r\n{}"), []byte("\x00\u2028"), []byte("\""))
	f.Add([]byte(""), []byte(""), []byte(" - - \x1b[2J"), []byte("a b"), []byte(""))
	f.Fuzz(func(t *testing.T, method, host, target, agent, id []byte) {
		e := journey()
		defer e.Exchange.Release()
		e.Method, e.Host, e.Target, e.UserAgent = method, host, target, agent
		e.Exchange.SetID(id)
		e.Exchange.Fault = exchange.Refuse(exchange.BadHeader)
		for _, format := range []Format{JSON, Text} {
			line := format.Append([]byte("before\n"), e)[len("before\n"):]
			control := func(r rune) bool { return r < ' ' || r == 0x7f }
			if !bytes.HasSuffix(line, []byte("\n")) || strings.ContainsFunc(string(line[:len(line)-1]), control) {
				t.Errorf("not one line: %q", line)
			}
		}
		line := JSON.Append(nil, e)
		got := map[string]any{}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for key, want := range map[string][]byte{"method": method, "host": host, "target": target, "user_agent": agent} {
			if got[key] != string([]rune(string(want))) {
				t.Errorf("%s: got %q, want %q", key, got[key], want)
			}
		}
		if got["status"] != 200.0 || got["fault"] != exchange.Refuse(exchange.BadHeader).Name() || len(got) != 22 {
			t.Errorf("%d keys in %s", len(got), line)
		}
	})
}
