// Package measure computes the figures of the house from the types of its Go
// code: circles of files, sizes of types, and who writes to a struct. It knows
// nothing of what the code does.
package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Module is a Go module of which every package has been type-checked from
// source. Test files are not part of it. Only Load makes it. Nothing in it changes afterwards.
type Module struct {
	Packages []*Package // ordered by import path

	path  string
	files *token.FileSet
	known map[string]*types.Package
}

// Package is one package of a Module.
type Package struct {
	Path  string  // import path
	Files []*File // ordered by name

	module *Module
	types  *types.Package
	info   *types.Info
}

// File is one Go file of a package: neither a test nor left out by the build on this machine.
type File struct {
	Name  string // base name
	Lines int    // number of line ends

	tree *ast.File
}

// listed is what `go list -json` says about one package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct {
		Path string
		Main bool
	}
}

// Load reads the module whose root is dir, with every package for the machine
// that runs it. Imports of other modules and of the standard library come from
// the compiler's export data, which `go list -export` builds when it is missing. It returns nil and an
// error when go list fails, there is no package, or a file cannot be read or type-checked.
func Load(dir string) (*Module, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", "./...")
	cmd.Dir = dir
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, problems.Bytes())
	}
	var own []listed
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list in %s: %w", dir, err)
		}
		if p.Module != nil && p.Module.Main {
			own = append(own, p) // go list names a package after what it imports
		} else {
			exports[p.ImportPath] = p.Export
		}
	}
	if len(own) == 0 {
		return nil, fmt.Errorf("go list in %s: no packages", dir)
	}
	m := newModule(own[0].Module.Path)
	foreign := importer.ForCompiler(m.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range own {
		sources := map[string][]byte{}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			sources[name] = text
		}
		if err := m.add(p.ImportPath, sources, foreign); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(m.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return m, nil
}

func newModule(path string) *Module {
	return &Module{path: path, files: token.NewFileSet(), known: map[string]*types.Package{}}
}

// add parses and type-checks one package. Packages of the module that it imports must have
// been added before; all others come from foreign.
func (m *Module) add(path string, sources map[string][]byte, foreign types.Importer) error {
	p := &Package{Path: path, module: m, info: &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	var trees []*ast.File
	for name, text := range sources {
		tree, err := parser.ParseFile(m.files, path+"/"+name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		trees = append(trees, tree)
		p.Files = append(p.Files, &File{Name: name, Lines: bytes.Count(text, []byte("\n")), tree: tree})
	}
	slices.SortFunc(p.Files, func(a, b *File) int { return strings.Compare(a.Name, b.Name) })
	conf := types.Config{Importer: importFunc(func(path string) (*types.Package, error) {
		if p := m.known[path]; p != nil {
			return p, nil
		}
		return foreign.Import(path)
	})}
	var err error
	if p.types, err = conf.Check(path, m.files, trees, p.info); err != nil {
		return err
	}
	m.known[path] = p.types
	m.Packages = append(m.Packages, p)
	return nil
}

// importFunc is a types.Importer made of a function.
type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// Package returns the package with an import path, nil when there is none.
func (m *Module) Package(path string) *Package {
	for _, p := range m.Packages {
		if p.Path == path {
			return p
		}
	}
	return nil
}

// Folder returns the package's folder below the module, "" for its root.
func (p *Package) Folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.Path, p.module.path), "/")
}

// fileOf returns the file of the package that declares obj, nil when obj is not
// declared in one of them.
func (p *Package) fileOf(obj types.Object) *File {
	if obj == nil || obj.Pkg() != p.types || !obj.Pos().IsValid() {
		return nil
	}
	for _, f := range p.Files {
		if f.tree.FileStart <= obj.Pos() && obj.Pos() < f.tree.FileEnd {
			return f
		}
	}
	return nil
}

// ours reports whether a type is declared in the module.
func (m *Module) ours(pkg *types.Package) bool {
	return pkg != nil && m.known[pkg.Path()] == pkg
}
