package config

import (
	"slices"
	"testing"
)

const restartBase = `
listen: [":8080"]
admin: { listen: "127.0.0.1:9901", token: one }
limits: { header_bytes: 16KiB }
log: { access: { file: stdout } }
routes: [{ path: "/*", upstream: "http://a:1" }]
`

func TestRestartOnly(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", restartBase, nil},
		{"what a reload takes", `
listen: ":8080"
admin: { listen: "127.0.0.1:9901", token: one }
limits: { connections: 1, per_ip: 1, requests: 1, body: off, header_bytes: 16KiB, headers: 1, uri: 64B, requests_per_connection: 1 }
timeouts: { header: 1s, idle: 11s, request: off, connect: 9s, drain: { delay: 1s } }
paths: { double_slash: merge }
trusted_proxies: 10.0.0.0/8
upgrades: off
log: { level: debug, access: { file: stdout, sample: 1%, format: text } }
cache: { purge_from: 10.0.0.0/8 }
answers: { cache_status: off, proxy_status: off, request_id: off }
routes: [{ path: "/a", respond: 200 }]`, nil},
		{"every key that needs a restart", `
listen: ":8081"
admin: { listen: "127.0.0.1:9902", token: two }
limits: { header_bytes: 17KiB }
cache: { memory: 32MiB, max_object: 1MiB, admission: off, path: /c, save_every: 1m }
log: { access: { file: stderr } }
routes: [{ path: "/*", upstream: "http://a:1" }]`,
			[]string{"listen", "admin.listen", "admin.token", "limits.header_bytes", "cache.memory", "cache.max_object",
				"cache.admission", "cache.path", "cache.save_every", "log.access.file"}},
		{"access log off", `
admin: { listen: "127.0.0.1:9901", token: one }
limits: { header_bytes: 16KiB }
log: { access: off }
routes: [{ path: "/*", upstream: "http://a:1" }]`, []string{"log.access.file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, p := range RestartOnly(mustParse(t, restartBase), mustParse(t, tc.text)) {
				got = append(got, p.Path)
			}
			if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(tc.want))) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRestartOnlySaysWhere(t *testing.T) {
	got := RestartOnly(mustParse(t, restartBase), mustParse(t, `
routes: [{ path: "/*", upstream: "http://a:1" }]
admin: { listen: "127.0.0.1:9901" }
listen: [":8080"]
log:
  access: { file: stderr }
`))
	const want = `config.yaml: limits.header_bytes: cannot change without a restart
config.yaml:3:8: admin.token: cannot change without a restart
config.yaml:6:19: log.access.file: cannot change without a restart`
	if got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
}
