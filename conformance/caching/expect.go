package caching

import (
	"fmt"
	"strconv"
	"strings"
)

// client reads a line of a request.
func (r *reader) client(n int, text string) error {
	if f, ok := field(text); ok {
		if r.ask == nil || r.ask.Verb != unset {
			return fmt.Errorf("field %q is before a request", text)
		}
		r.ask.Fields = append(r.ask.Fields, f)
		return nil
	}
	words := strings.Fields(text)
	if len(words) > 0 && words[0] == "body" && r.ask != nil {
		r.ask.Body = strings.TrimPrefix(text, "body ")
		return nil
	}
	ask := &Ask{Method: "GET"}
	if len(words) > 0 && words[0] == "later" {
		ask.Until, words = true, words[1:]
	}
	if len(words) > 0 {
		ask.Method = words[0]
	}
	if len(words) > 1 {
		ask.Suffix = words[1]
	}
	if len(words) > 2 || ask.Method != strings.ToUpper(ask.Method) {
		return fmt.Errorf("request %q: want a method and what is appended to the URL", text)
	}
	r.step(Step{Line: n, Ask: ask})
	return nil
}

// expect reads a line of what is expected: of the client's response after "=", of the
// origin's request after "?".
func (a *Ask) expect(side, text string) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		return fmt.Errorf("nothing is after %q", side)
	}
	if verb := verbOf(words[0]); side == "=" && verb != unset {
		return a.setVerb(verb, words[1:])
	}
	if a.Verb == unset {
		return fmt.Errorf("%q is before the verb", text)
	}
	check, err := readCheck(side, text)
	if side == "=" {
		a.Client = append(a.Client, check)
	} else {
		a.Origin = append(a.Origin, check)
	}
	return err
}

func (a *Ask) setVerb(v Verb, words []string) error {
	if a.Verb != unset {
		return fmt.Errorf("both %s and %s are expected", a.Verb, v)
	}
	a.Verb = v
	for _, word := range words {
		n, err := strconv.Atoi(word)
		switch {
		case err != nil:
			return err
		case n > 99:
			a.Status = n
		default:
			a.Number = n
		}
	}
	if v == Own && a.Status == 0 || v == Failed && a.Status == 0 {
		return fmt.Errorf("%s needs a status", v)
	}
	return nil
}

func readCheck(side, text string) (Check, error) {
	if f, ok := field(text); ok {
		return Check{Is, f.Name, f.Value}, nil
	}
	word, rest, _ := strings.Cut(text, " ")
	name, value, _ := strings.Cut(rest, " ")
	switch word {
	case "no":
		return Check{Kind: No, Name: rest}, nil
	case "has":
		return Check{Has, name, value}, nil
	case "hasnot":
		return Check{HasNot, name, value}, nil
	case "body":
		return Check{Kind: Body, Value: rest}, nil
	case "cut":
		return Check{Kind: IsCut}, nil
	case "nothing":
		return Check{Kind: NotTold}, nil
	case "told":
		status, f, err := readInterim(rest)
		return Check{Told, strconv.Itoa(status), f.Name + ": " + f.Value}, err
	}
	switch {
	case side == "?" && word == "target":
		return Check{Word, "target", rest}, nil
	case side == "?" && rest == "" && word == strings.ToUpper(word):
		return Check{Word, "method", word}, nil
	}
	return Check{}, fmt.Errorf("%q is not known", text)
}
