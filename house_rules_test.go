package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// violation is one breach of the law. Its key is what an exception would name.
type violation struct {
	where token.Position
	key   string
	text  string
}

func (v violation) String() string {
	return fmt.Sprintf("%s:%d: %s", v.where.Filename, v.where.Line, v.text)
}

// inspector walks a tree with a law in hand.
type inspector struct {
	law
	files *token.FileSet
	found []violation
}

// source is one parsed file.
type source struct {
	name   string // path below the module
	folder string // "" for the root
	test   bool
	tree   *ast.File
}

// inspect returns every breach of l in the tree, in the order of the files.
func inspect(l law, tree fs.FS) []violation {
	in := &inspector{law: l, files: token.NewFileSet()}
	folders := map[string][]source{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.' || d.Name()[0] == '_'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		s, err := in.parse(tree, name)
		folders[s.folder] = append(folders[s.folder], s)
		return err
	})
	if err != nil {
		in.found = append(in.found, violation{text: err.Error()})
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		in.inspectFolder(folder, folders[folder])
	}
	return in.found
}

func (in *inspector) parse(tree fs.FS, name string) (source, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return source{}, err
	}
	file, err := parser.ParseFile(in.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	s := source{name: name, folder: strings.TrimPrefix(path.Dir(name), "."), tree: file}
	s.test = strings.HasSuffix(name, "_test.go")
	return s, nil
}

// report notes a breach at pos unless an exception names its key.
func (in *inspector) report(pos token.Pos, key, format string, args ...any) {
	if in.states[key] == "" {
		in.found = append(in.found, violation{in.files.Position(pos), key, fmt.Sprintf(format, args...)})
	}
}

func (in *inspector) inspectFolder(folder string, sources []source) {
	for _, s := range sources {
		in.checkImports(s)
		in.checkIdioms(s)
	}
	in.checkState(folder, sources)
	in.checkSleep(sources)
}

// room returns the folder's room; ok is false when the law has none.
func (in *inspector) room(folder string) (room, bool) {
	i := slices.IndexFunc(in.rooms, func(r room) bool { return r.path == folder })
	if i < 0 {
		return room{}, false
	}
	return in.rooms[i], true
}

func (in *inspector) checkImports(s source) {
	r, ok := in.room(s.folder)
	if !ok {
		in.report(s.tree.Package, s.name, "folder %q has no room in the law: say in house_test.go what it may import", s.folder)
		return
	}
	for _, spec := range s.tree.Imports {
		target, _ := strconv.Unquote(spec.Path.Value) // the parser read it already
		switch {
		case under(target, in.module):
			in.checkOwnImport(s, r, spec.Pos(), strings.TrimPrefix(strings.TrimPrefix(target, in.module), "/"))
		case strings.Contains(strings.Split(target, "/")[0], "."):
			in.checkThirdParty(s, spec.Pos(), target)
		}
		for _, never := range r.never {
			if !s.test && (target == never || strings.Contains(never, "/") && under(target, never)) {
				in.report(spec.Pos(), s.name, "%s must never see %s: %s", s.folder, target, r.why)
			}
		}
	}
}

// checkOwnImport judges an import of ours: code keeps to its table, a test may
// look at everything that is not above it.
func (in *inspector) checkOwnImport(s source, r room, pos token.Pos, target string) {
	other, known := in.room(target)
	allowed := slices.Contains(r.may, target) || slices.Contains(r.may, "*") && other.layer < r.layer
	if s.test {
		allowed = allowed || other.layer <= r.layer || in.library[target] != ""
	}
	if !known || !allowed {
		in.report(pos, s.name, "%s may not import %s: %s", orMain(s.folder), target, r.why)
	}
}

func (in *inspector) checkThirdParty(s source, pos token.Pos, target string) {
	best := -1 // the longest fence that covers target decides
	for i, f := range in.fences {
		if f.name == "" && under(target, f.path) && (best < 0 || len(f.path) > len(in.fences[best].path)) {
			best = i
		}
	}
	switch {
	case best < 0:
		in.report(pos, s.name, "%s is a new third party: fence it in house_test.go and write a decision", target)
	case !s.test && !slices.Contains(in.fences[best].only, s.folder):
		in.report(pos, s.name, "%s belongs to %v alone: %s", target, in.fences[best].only, in.fences[best].why)
	}
}

// checkIdioms looks for names of packages that are not wanted.
func (in *inspector) checkIdioms(s source) {
	aliases := importNames(s.tree)
	ast.Inspect(s.tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		target := aliases[pkg.Name]
		if r, _ := in.room(s.folder); !s.test && slices.Contains(r.never, target+"."+sel.Sel.Name) {
			in.report(sel.Pos(), s.name, "%s must never see %s.%s: %s", s.folder, target, sel.Sel.Name, r.why)
		}
		for _, f := range in.fences {
			if f.name != "" && f.path == target && f.name == sel.Sel.Name && !s.test && !slices.Contains(f.only, s.folder) {
				in.report(sel.Pos(), s.name, "%s.%s belongs to %v alone: %s", pkg.Name, f.name, f.only, f.why)
			}
		}
		return true
	})
}

// importNames maps the names that a file uses to import paths.
func importNames(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = target
	}
	return names
}

// under reports whether an import path is root or lies below it.
func under(target, root string) bool {
	return target == root || strings.HasPrefix(target, root+"/")
}

func orMain(folder string) string {
	if folder == "" {
		return "main"
	}
	return folder
}
