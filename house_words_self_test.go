package main

import (
	"slices"
	"testing"
)

func TestAvoidList(t *testing.T) {
	list := avoidList("**a**: one.\nAvoid: `answer`, `the\nwire` except \"on the wire\".\n\n**b**: `code` only.\n\n**c**: two.\nAvoid: `Who`.\n")
	var got []string
	for _, a := range list {
		got = append(got, a.word)
	}
	if want := []string{"answer", "the\nwire", "Who"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWordsToAvoidAreFound(t *testing.T) {
	list := avoidList("**a**: x.\nAvoid: `answer`, `a try`, `the wire` except \"on the wire\".\n\n**b**: x.\nAvoid: `Who`.\n")
	for _, tc := range []struct {
		name, file, text string
		want             []finding
	}{
		{"in a document", "a.md", "one\n\nAn answer.\n", []finding{{3, "answer"}}},
		{"over two lines", "a.md", "that is a\ntry.", []finding{{1, "a try"}}},
		{"in a code span", "a.md", "The key `answer` is a name.", nil},
		{"in a code block", "a.md", "```\nanswer\n```\n", nil},
		{"after a code block", "a.md", "```\nanswer\n```\nanswer", []finding{{4, "answer"}}},
		{"in a quotation", "a.md", `The word "answer".`, nil},
		{"the target of a link", "a.md", "[text](answer)", nil},
		{"part of another word", "a.md", "unanswered answerable", nil},
		{"part of a name", "a.md", "answer.cache_status, x.answer, answer_time, path/answer, answer()", nil},
		{"at the end of a sentence", "a.md", "It is an answer. Another follows.", []finding{{1, "answer"}}},
		{"in an allowed phrase", "a.md", "It is seen on the wire; the wire is long.", []finding{{1, "the wire"}}},
		{"at the start of a sentence", "a.md", "It is so. Who waits, waits.", []finding{{1, "Who"}}},
		{"a question", "a.md", "Who waits?", nil},
		{"inside a sentence", "a.md", "The person Who waits.", nil},
		{"in a comment", "a.go", "package a\n\n// f is an\n// answer.\nfunc f() {}\n", []finding{{4, "answer"}}},
		{"in a message", "a.go", "package a\n\nconst m = \"the answer is late\"\n", []finding{{3, "answer"}}},
		{"in a short string", "a.go", "package a\n\nconst m = \"answer\"\n", nil},
		{"in a string of a test", "a_test.go", "package a\n\nconst m = \"the answer is late\"\n", nil},
		{"in a comment of a configuration", "a.yaml", "answer: 1 # an answer\n", []finding{{1, "answer"}}},
		{"in other files", "a.txt", "answer", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := wordsIn(list, proseOf(tc.file, []byte(tc.text))); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
