package rfc9111

import "testing"

func TestWhatReplacesTheStoredResponse(t *testing.T) {
	for _, tc := range []struct {
		name string
		why  Refusal
		of   []int
		want Replacement
	}{
		{"another representation that has no lifetime", NoFreshness, []int{200, 203, 204, 301, 302, 404, 410}, ReplacesForAll},
		{"another representation that is too large", Storable, []int{200, 404}, ReplacesForAll},
		{"a status that the route does not store", StatusOff, []int{200, 404, 410}, ReplacesForAll},
		{"a representation that nobody may store", NoStore, []int{200, 302, 404}, ReplacesForAll},
		{"a private representation", Private, []int{200}, ReplacesForOne},
		{"a cookie", WithSetCookie, []int{200, 302}, ReplacesForOne},
		{"a response to Authorization", Unshared, []int{200}, ReplacesForOne},
		{"a response that varies on anything", VaryStar, []int{200}, ReplacesForOne},
		{"an error of one request", NoFreshness, []int{400, 401, 403, 405, 408, 414, 416, 429, 431, 451}, ReplacesNothing},
		{"an error of the origin", NoFreshness, []int{500, 501, 503, 505}, ReplacesNothing},
		{"a part", Partial, []int{206}, ReplacesNothing},
		{"a confirmation", NotModified, []int{304}, ReplacesNothing},
	} {
		for _, status := range tc.of {
			if got := Replaces(&Request{}, status, tc.why); got != tc.want {
				t.Errorf("%s: %d, %v: got %d, want %d", tc.name, status, tc.why, got, tc.want)
			}
		}
	}
	fields := Lines("Cookie: session=1\r\n")
	personal := ReadRequest(Get, &fields)
	if got := Replaces(&personal, 200, NoStore); got != ReplacesForOne {
		t.Errorf("no-store to a request with a cookie: got %d, want %d", got, ReplacesForOne)
	}
	if got := Replaces(&personal, 200, NoFreshness); got != ReplacesForAll {
		t.Errorf("no lifetime to a request with a cookie: got %d, want %d", got, ReplacesForAll)
	}
}
