package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"penstock/config"
	"penstock/policy"
)

// TestNamesResolve looks up every file, function, type, metric and configuration key that a
// document or a package comment names. Documents name them in code spans. CHANGELOG.md is
// left out, because it names what is gone.
func TestNamesResolve(t *testing.T) {
	var keys []string
	for _, r := range config.Rows(policy.Table()...) {
		keys = append(keys, r.Path)
	}
	known, err := indexNames(os.DirFS("."), keys)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	check := func(file, word, folder string) {
		seen++
		problem := known.resolve(word, folder)
		if problem == "" || slices.Contains(foreignNames(), word) {
			return
		}
		t.Errorf("%s: %s: %s", file, word, problem)
	}
	for file, text := range known.documents {
		for _, word := range namesInSpans(text) {
			check(file, word, path.Dir(file))
			if file == "docs/architecture.md" && plainName.MatchString(word) && !known.idents[word] && !known.words[word] {
				t.Errorf("%s: %s: no code has this word", file, word) // such as the name of a step
			}
		}
	}
	for folder, text := range known.comments {
		for _, word := range namesInComment(text) {
			check("package comment of "+orMain(folder), word, folder)
		}
	}
	if seen < 500 {
		t.Errorf("found %d names; are code spans still found?", seen)
	}
}

// foreignNames are names in documents and package comments that have the form of ours and
// belong to others, such as a weak entity tag in lower case.
func foreignNames() []string {
	return []string{"terminationGracePeriodSeconds", "t.Drain.Keys", "w/"}
}

// names is what a document may name.
type names struct {
	files     fs.FS
	documents map[string]string          // file -> text
	comments  map[string]string          // folder -> package comment
	packages  map[string]map[string]bool // name of a package -> "Type", "func", "Type.Member"
	idents    map[string]bool            // all identifiers of the code
	strings   string                     // all string literals of the code
	words     map[string]bool            // the words in strings
	keys      []string                   // configuration keys, such as routes[].limits.body
}

func indexNames(files fs.FS, keys []string) (*names, error) {
	n := &names{files: files, documents: map[string]string{}, comments: map[string]string{}, packages: map[string]map[string]bool{}, idents: map[string]bool{}, words: map[string]bool{}, keys: keys}
	var literals strings.Builder
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (d.Name() == "testdata" || d.Name()[0] == '.') {
				return fs.SkipDir
			}
			return nil
		}
		text, err := fs.ReadFile(files, name)
		switch {
		case err != nil:
			return err
		case path.Ext(name) == ".md" && name != "CHANGELOG.md":
			n.documents[name] = string(text)
		case path.Ext(name) == ".go":
			return n.addGo(name, text, &literals)
		}
		return nil
	})
	n.strings = literals.String()
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(n.strings, -1) {
		n.words[word] = true
	}
	return n, err
}

func (n *names) addGo(name string, text []byte, literals *strings.Builder) error {
	tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if tree.Doc != nil {
		n.comments[strings.TrimPrefix(path.Dir(name), ".")] = tree.Doc.Text()
	}
	pkg := n.packages[tree.Name.Name]
	if pkg == nil {
		pkg = map[string]bool{}
		n.packages[tree.Name.Name] = pkg
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Ident:
			n.idents[node.Name] = true
		case *ast.BasicLit:
			literals.WriteString(node.Value + "\n")
		case *ast.FuncDecl:
			if node.Recv == nil {
				pkg[node.Name.Name] = true
			} else {
				pkg[rootName(node.Recv.List[0].Type)+"."+node.Name.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range node.Names {
				pkg[id.Name] = true
			}
		case *ast.TypeSpec:
			pkg[node.Name.Name] = true
			for _, field := range fieldsOf(node.Type) {
				pkg[node.Name.Name+"."+field] = true
			}
		}
		return true
	})
	return nil
}

// fieldsOf returns the names of a struct's fields or an interface's methods.
func fieldsOf(e ast.Expr) (all []string) {
	var list *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		list = e.Fields
	case *ast.InterfaceType:
		list = e.Methods
	default:
		return nil
	}
	for _, f := range list.List {
		for _, id := range f.Names {
			all = append(all, id.Name)
		}
	}
	return all
}

// namesInSpans returns the words of a document's code spans; code blocks are commands and
// examples, which other tests look at.
func namesInSpans(text string) (words []string) {
	text = regexp.MustCompile("(?sm)^```.*?^```").ReplaceAllString(text, "")
	for _, span := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		for _, word := range strings.FieldsFunc(span[1], func(r rune) bool { return strings.ContainsRune(" ,;|=\"'", r) }) {
			words = append(words, strings.TrimRight(word, ".:"))
		}
	}
	return words
}

// namesInComment returns the words of a comment that can only be names: files, and
// identifiers with a dot or with a capital letter inside.
func namesInComment(text string) (words []string) {
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, ".,;:()[]`\"'")
		if fileName.MatchString(word) || memberName.MatchString(word) || mixedName.MatchString(word) {
			words = append(words, word)
		}
	}
	return words
}

var (
	fileName   = regexp.MustCompile(`^[\w./*-]*[\w*]\.(go|md)$`)
	folderName = regexp.MustCompile(`^[a-z]\w*(/[\w.*-]+)*/$`)
	metricName = regexp.MustCompile(`^penstock_[a-z_]+\*?`)
	memberName = regexp.MustCompile(`^([A-Za-z]\w*)\.([A-Z]\w*(\.\w+)?)(\(\))?$`)
	plainName  = regexp.MustCompile(`^[a-z][a-z_]+$`)
	callName   = regexp.MustCompile(`^(\w+)\(\)$`)
	mixedName  = regexp.MustCompile(`^[a-z]+[a-z0-9]*([A-Z][a-z0-9]+)+$`)
	keyName    = regexp.MustCompile(`^[a-z_]+(\[\]|\.[a-z_]+|\.NAME|\.\*)+$`)
)

// resolve returns the problem of a name that a file in folder uses; "" means that there is
// none. Words that do not look like a name have no problem.
func (n *names) resolve(word, folder string) string {
	switch {
	case fileName.MatchString(word):
		if !n.exists(word, folder) {
			return "there is no such file"
		}
	case folderName.MatchString(word):
		if !n.exists(strings.TrimSuffix(word, "/"), folder) {
			return "there is no such folder"
		}
	case metricName.MatchString(word):
		if metric := metricName.FindString(word); !strings.Contains(n.strings, strings.TrimSuffix(metric, "*")) {
			return "there is no such metric"
		}
	case memberName.MatchString(word):
		m := memberName.FindStringSubmatch(word)
		if pkg := n.packages[m[1]]; pkg != nil && !pkg[m[2]] {
			return fmt.Sprintf("package %s has no such name", m[1])
		} else if pkg == nil && !n.idents[m[2]] {
			return "there is no such name"
		}
	case callName.MatchString(word):
		if !n.idents[strings.TrimSuffix(word, "()")] {
			return "there is no such function"
		}
	case mixedName.MatchString(word):
		if !n.idents[word] && !strings.Contains(n.strings, word) {
			return "there is no such name"
		}
	case keyName.MatchString(word):
		return n.resolveKey(word)
	}
	return ""
}

// exists reports whether a file, or one that a pattern matches, lies below the root or the
// folder.
func (n *names) exists(name, folder string) bool {
	for _, pattern := range []string{path.Clean(name), path.Join(folder, name)} {
		if found, err := fs.Glob(n.files, pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// resolveKey looks a dotted word up among the configuration keys if it begins like one of
// them. A word may also be the end of a key.
func (n *names) resolveKey(word string) string {
	plain := strings.NewReplacer("[]", "", ".NAME", "", ".*", "")
	word = plain.Replace(word)
	first, _, _ := strings.Cut(word, ".")
	begins := false
	for _, key := range n.keys {
		key = plain.Replace(key)
		begins = begins || key == first || strings.HasPrefix(key, first+".")
		if key == word || strings.HasPrefix(key, word+".") || strings.HasSuffix(key, "."+word) {
			return ""
		}
	}
	if begins {
		return "there is no such key"
	}
	return ""
}
