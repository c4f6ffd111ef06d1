#!/usr/bin/env bash
# Real clients against a running demo (`go run . demo`): curl, node, ab, wrk, k6 and
# a headless chromium, as far as they are installed. Each line is ok or FAIL.
# Usage: conformance/clients/run.sh [http://127.0.0.1:8080]
set -u
cd "$(dirname "$0")"
base=${1:-http://127.0.0.1:8080}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # name, command...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok   $name"
	else
		echo "FAIL $name: $(tail -c 300 "$work/out")"
		failed=1
	fi
}
have() { command -v "$1" >/dev/null || { echo "     $1 is not installed"; return 1; }; }

with_curl() {
	head -c 3000000 /dev/urandom >"$work/data"
	local sum
	sum=$(sha256sum <"$work/data" | cut -d' ' -f1)
	check "curl: keep-alive" sh -c "curl -sv $base/json $base/json 2>&1 | grep -i 're-using existing connection'"
	check "curl: HEAD" sh -c "curl -sI $base/download | grep -i '^content-length: 10485760'"
	check "curl: range" sh -c "test \$(curl -s -r 5-24 $base/download | wc -c) = 20"
	check "curl: sized upload, Expect: 100-continue" sh -c "curl -s -H 'Expect: 100-continue' --data-binary @$work/data $base/upload | grep $sum"
	check "curl: chunked upload" sh -c "curl -s -T - $base/upload <$work/data | grep $sum"
	check "curl: redirect" sh -c "curl -sL $base/old/7 | grep 'Page 7'"
	check "curl: cookies" sh -c "curl -s -b 'a=x/y; b=1;c' $base/echo | grep -F '[\"a=x/y; b=1;c\"]'"
	check "curl: HTTP/1.0" curl -sf0 "$base/json"
	check "curl: events" sh -c "test \$(curl -sN '$base/events?count=3&interval=50ms' | grep -c ^data) = 3"
}

with_browser() {
	local browser=$1 page=$work/page.html
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$work/profile" --virtual-time-budget=3000 \
		--dump-dom "$base/old/7" >"$page" 2>/dev/null
	check "chromium: follows the redirect and shows the page" grep -q "<h1>Page 7</h1>" "$page"
}

have curl && with_curl
have node && { node node.mjs "$base" || failed=1; }
have ab && check "ab: keep-alive" sh -c "ab -q -k -n 2000 -c 16 $base/robots.txt | grep -E 'Failed requests: +0'"
have wrk && check "wrk: no error" sh -c "wrk -t1 -c16 -d2s $base/json | tee $work/wrk | grep 'requests in' && ! grep -E 'Non-2xx|Socket errors' $work/wrk"
if have k6; then
	printf 'import http from "k6/http"; import { check } from "k6"; export const options = { vus: 8, iterations: 400, thresholds: { checks: ["rate==1"] } }; export default () => check(http.get("%s/json"), { ok: (r) => r.status === 200 })' "$base" >"$work/k6.js"
	check "k6: every check holds" k6 run --quiet "$work/k6.js"
fi
browser=$(command -v chromium || command -v chromium-browser || true)
if [ -n "$browser" ]; then with_browser "$browser"; else echo "     chromium is not installed"; fi
exit $failed
