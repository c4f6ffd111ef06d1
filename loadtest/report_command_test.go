package main

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"testing"
)

func TestReportWantsAFolderWithResults(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"report"}, {"report", "-x"}} {
		if err := run(t.Context(), args, &out); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%v: got %v, want help", args, err)
		}
	}
	if err := run(t.Context(), []string{"report", t.TempDir()}, &out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: got %v, want that there is no file", err)
	}
}
