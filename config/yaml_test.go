package config

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"penstock/policy"
)

// roundTrip prints c and reads it back; secrets are taken out first because
// they do not come back.
func roundTrip(t testing.TB, c *Config) (*Config, []byte) {
	t.Helper()
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("config.yaml", printed, nil, policy.Table()...)
	if err != nil {
		t.Fatalf("what was printed is refused: %v\n%s", err, printed)
	}
	again.Warnings, again.written = c.Warnings, c.written // they are positions
	return again, printed
}

func TestYAMLRoundTrip(t *testing.T) {
	for _, name := range append(testFiles(t, "*.good.yaml", 5), filepath.Join("..", "config.yaml")) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c := mustParse(t, string(read(t, name)))
			c.Admin.Token = ""
			again, printed := roundTrip(t, c)
			if !reflect.DeepEqual(again, c) {
				t.Errorf("lost in print:\n got %+v\nwant %+v\n%s", again, c, printed)
			}
			_, twice := roundTrip(t, again)
			if !bytes.Equal(printed, twice) {
				t.Errorf("printed differently the second time:\n%s\n%s", printed, twice)
			}
		})
	}
}

func TestYAMLShowsEveryDefault(t *testing.T) {
	printed, err := mustParse(t, `routes: [{ path: "/*", upstream: "http://localhost:3000" }]`).YAML()
	if err != nil {
		t.Fatal(err)
	}
	want := `listen: [":8080"]
name: "penstock"
admin: {listen: "127.0.0.1:9901"}
limits: {connections: 16000, per_ip: off, requests: 8000, queue: {size: 1000, wait: 250ms, fair: ip}, body: 16MiB, buffered_bodies: auto, header_bytes: 32KiB, headers: 128, uri: 16KiB, requests_per_connection: off, accept_rate: off}
timeouts:
  header: 10s
  connect: 1s
  first_byte: 15s
  request: 30s
  body_idle: 60s
  body: off
  body_min_rate: 1KiB/s
  idle: 75s
  drain: {delay: 0s, deadline: 30s}
trusted_proxies: []
forwarded: off
underscores: drop
upgrades: ["websocket"]
trailers: []
paths: {encoded_slash: reject, backslash: reject, double_encoding: keep, dot_segments: resolve, double_slash: keep}
cache: {max_object: 8MiB, admission: on, path: off, save_every: 10m, purge_from: [], wait: 5s}
routes:
  - path: "/*"
    upstream: "http://localhost:3000"
    retry: {times: 1, when: [connect, reset], backoff: 25ms..1s, methods: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]}
    timeouts: {connect: 1s, first_byte: 15s, request: 30s, body_idle: 60s, body: off, body_min_rate: 1KiB/s}
    limits: {body: 16MiB, requests: off}
    upgrades: ["websocket"]
    trailers: []
    finish: off
    paths: {encoded_slash: reject, backslash: reject, double_encoding: keep, dot_segments: resolve, double_slash: keep}
    cache: off
log:
  level: info
  format: auto
  access: {file: "stdout", format: auto, sample: 100%, always: [5xx, slower than 1s]}
answers: {cache_status: on, proxy_status: on, request_id: "X-Request-Id", rate_limit: refused}
`
	if got := string(printed); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestYAMLHidesSecrets(t *testing.T) {
	c := mustParse(t, `
admin: { listen: "127.0.0.1:9901", token: s3cret-one }
routes:
  - path: "/*"
    upstream: "http://a:1"
    match: { header: { X-Api-Key: s3cret-two } }
    headers: { request: { set: { Authorization: "Bearer s3cret-three" } }, response: { add: { Set-Cookie: [s3cret-four, b] } } }`)
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(printed), "s3cret") {
		t.Errorf("a secret is printed:\n%s", printed)
	}
	if strings.Contains(c.Routes[0].Name(), "s3cret") {
		t.Errorf("a secret is in the route's name: %s", c.Routes[0].Name())
	}
	if _, err := Parse("config.yaml", printed, nil, policy.Table()...); err == nil {
		t.Errorf("a configuration without its secrets is accepted:\n%s", printed)
	}
}
