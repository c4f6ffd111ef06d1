package cli

import (
	"path/filepath"
	"slices"

	"penstock/config"
)

// foreign are words of other programs, with what to write here.
var foreign = []struct {
	words []string
	write string
}{
	{[]string{"serve", "server", "start", "up", "gateway", "proxy"}, "write penstock run"},
	{[]string{"test", "configtest", "validate", "verify", "lint", "t"}, "write penstock check"},
	{[]string{"dump", "show", "print", "T"}, "write penstock config"},
	{[]string{"status", "ping"}, "write penstock health"},
	{[]string{"reload", "hup"}, "a running gateway reloads when its file changes, on SIGHUP, or by POST /api/reload"},
	{[]string{"stop", "quit", "shutdown", "drain"}, "SIGTERM ends a running gateway after its requests"},
	{[]string{"version", "v", "V"}, "write penstock version"},
}

// hint returns a suggestion for a word that is none of names, as the end of a
// sentence: "; write penstock run", ` (did you mean "check"?)`, or "".
func hint(word string, names []string) string {
	for _, f := range foreign {
		if slices.Contains(f.words, word) {
			return "; " + f.write
		}
	}
	if isFile(word) {
		return "; write penstock run -config " + word
	}
	return config.DidYouMean(word, names)
}

// isFile reports whether a word is the name of a configuration.
func isFile(word string) bool {
	ext := filepath.Ext(word)
	return ext == ".yaml" || ext == ".yml"
}
