package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// purgeScopes are the flags of which a purge has one; all takes no value.
var purgeScopes = [...]string{"url", "prefix", "host", "tag", "all"}

// purge makes a running gateway remove stored responses, or with -soft use them only as
// stale ones.
func (p *Program) purge(args []string) int {
	f := p.newFlags("purge")
	file := f.configFile()
	address := f.adminAddress()
	patience := f.Duration("timeout", 5*time.Second, "how long to wait for the response")
	f.String("url", "", "one `URL`, with its query: all methods and variants")
	f.String("prefix", "", "all of one host whose path begins as in this `URL`")
	f.String("host", "", "one `host`, with its port if that is not the usual one")
	f.String("tag", "", "all responses that bear the `tag`")
	f.Bool("all", false, "everything")
	f.Bool("soft", false, "keep them as stale: each is validated before its next use, serves meanwhile only where the response or its route allows that, and serves when the origin fails")
	if code, ok := f.parse(args); !ok {
		return code
	}
	body, wrong := purgeBody(f.FlagSet)
	if wrong != "" {
		return p.usage("purge: %s", wrong)
	}
	to, code, ok := f.peer(*address, *file)
	if !ok {
		return code
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	text, err := askPurge(ctx, to, body)
	if err != nil {
		return p.fail(fmt.Errorf("purge: %w", err))
	}
	_, _ = fmt.Fprintln(p.Stdout, text)
	return exitGood
}

// purgeBody returns the body of the request for the flags that are set, or the problem of
// these flags.
func purgeBody(set *flag.FlagSet) (body []byte, wrong string) {
	fields := map[string]any{}
	var given []string
	set.Visit(func(f *flag.Flag) {
		switch {
		case slices.Contains(purgeScopes[:], f.Name):
			given = append(given, "-"+f.Name)
			fallthrough
		case f.Name == "soft":
			fields[f.Name] = f.Value.(flag.Getter).Get()
		}
	})
	if len(given) != 1 {
		got := "none"
		if len(given) > 0 {
			got = strings.Join(given, " and ")
		}
		return nil, fmt.Sprintf("got %s, want one of -%s", got, strings.Join(purgeScopes[:], ", -"))
	}
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return body, ""
}

// askPurge requests a purge and returns a sentence about what was purged.
func askPurge(ctx context.Context, to peer, body []byte) (string, error) {
	answer, err := to.ask(ctx, http.MethodPost, "/api/cache/purge", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Close() }()
	var done struct {
		Purged, Value string
		Soft          bool
	}
	if err := json.NewDecoder(io.LimitReader(answer, 1<<20)).Decode(&done); err != nil {
		return "", fmt.Errorf("%s: %w", to.address, err)
	}
	text := strings.TrimSpace("purged " + done.Purged + " " + done.Value)
	if done.Soft {
		text += ", softly"
	}
	return text, nil
}
