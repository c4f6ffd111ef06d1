package config

import (
	"strings"
	"testing"

	"penstock/policy"
)

func TestExpand(t *testing.T) {
	env := func(name string) (string, bool) {
		value, set := map[string]string{"HOST": "a.example", "EMPTY": "", "NESTED": "${HOST}", "BAD": "\xff"}[name]
		return value, set
	}
	for _, tc := range []struct{ text, want, wrong string }{
		{"plain", "plain", ""},
		{"${HOST}", "a.example", ""},
		{"http://${HOST}:${PORT:-80}/", "http://a.example:80/", ""},
		{"${HOST:-b}", "a.example", ""},
		{"${EMPTY:-b}", "b", ""},
		{"${EMPTY}", "", ""},
		{"${NONE:-}", "", ""},
		{"${NONE:-http://a:1}", "http://a:1", ""},
		{"${NONE:-a:-b}", "a:-b", ""},
		{"${NESTED}", "${HOST}", ""}, // a value is not expanded again
		{"$${HOST}", "${HOST}", ""},
		{"$$${HOST}", "$${HOST}", ""},
		{"$HOST $ {HOST} $", "$HOST $ {HOST} $", ""},
		{"${NONE}", "", "environment variable NONE is not set"},
		{"${A}${B}", "", "environment variable A is not set; set it or write ${A:-default}; environment variable B is not set"},
		{"${BAD}", "", "environment variable BAD is not valid UTF-8"},
		{"${HOST", "", "no closing brace"},
		{"${}", "", "want ${NAME}"},
		{"${HO ST}", "", "want ${NAME}"},
		{"${HOST-b}", "", "want ${NAME}"},
	} {
		got, err := expand(tc.text, env)
		switch {
		case tc.wrong == "" && (err != nil || got != tc.want):
			t.Errorf("%q: got %q, %v, want %q", tc.text, got, err, tc.want)
		case tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)):
			t.Errorf("%q: got %q, %v, want an error with %q", tc.text, got, err, tc.wrong)
		}
	}
}

func TestEscapeIsTheInverseOfExpand(t *testing.T) {
	for _, text := range []string{"", "${A}", "$${A}", "$$${A}", "a${", "$", "${${}}"} {
		got, err := expand(escape(text), nil)
		if err != nil || got != text {
			t.Errorf("%q: comes back as %q, %v", text, got, err)
		}
	}
}

func TestVariablesCannotChangeTheStructure(t *testing.T) {
	env := func(string) (string, bool) { return "x\nadmin: off", true }
	_, err := Parse("config.yaml", []byte("listen: ${L}\nroutes: [{ path: \"/*\", upstream: \"http://a:1\" }]"), env, policy.Table()...)
	if err == nil || !strings.HasPrefix(err.Error(), "config.yaml:1:9: listen: ") {
		t.Errorf("got %v, want a problem of listen", err)
	}
}
