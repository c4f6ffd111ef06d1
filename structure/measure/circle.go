package measure

import (
	"cmp"
	"go/ast"
	"go/types"
	"slices"
)

// Edge says that a file uses names that another file of its package declares.
type Edge struct {
	From, To *File
	Names    []Name // ordered by name
}

// Name is one declaration that causes an edge: "Pool", or "Pool.pick" for a
// method or a field.
type Name struct {
	Name string
	Uses int // number of places
}

// Circle is a set of files of a package that reach each other over edges. The zero value is none.
type Circle struct {
	Files []*File // two or more, ordered by name
	Lines int     // of all its files
}

// Edges returns every edge between two files of the package, ordered by the
// names of both; nil when there is none. Names declared inside a function never cause one.
func (p *Package) Edges() []Edge {
	owners := p.owners()
	type pair struct{ from, to *File }
	found := map[pair]map[string]int{}
	for _, f := range p.Files {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			obj := origin(p.info.Uses[id])
			to := p.fileOf(obj)
			if to == nil || to == f {
				return true
			}
			names := found[pair{f, to}]
			if names == nil {
				names = map[string]int{}
				found[pair{f, to}] = names
			}
			names[owners[obj]+obj.Name()]++
			return true
		})
	}
	var edges []Edge
	for files, names := range found {
		e := Edge{From: files.from, To: files.to}
		for name, uses := range names {
			e.Names = append(e.Names, Name{name, uses})
		}
		slices.SortFunc(e.Names, func(a, b Name) int { return cmp.Compare(a.Name, b.Name) })
		edges = append(edges, e)
	}
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From.Name, b.From.Name), cmp.Compare(a.To.Name, b.To.Name))
	})
	return edges
}

// origin returns the declaration of a field or method of an instantiated
// generic type, and obj itself for everything else.
func origin(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Var:
		return obj.Origin()
	case *types.Func:
		return obj.Origin()
	}
	return obj
}

// owners maps each field and method of the package's types to "Type.", so that
// an edge can name it in full.
func (p *Package) owners() map[types.Object]string {
	owners := map[types.Object]string{}
	for _, obj := range p.info.Defs {
		named := declaredType(obj)
		if named == nil {
			continue
		}
		prefix := obj.Name() + "."
		for m := range named.Methods() {
			owners[m] = prefix
		}
		switch under := named.Underlying().(type) {
		case *types.Struct:
			ownFields(owners, under, prefix)
		case *types.Interface:
			for m := range under.ExplicitMethods() {
				owners[m] = prefix
			}
		}
	}
	return owners
}

func ownFields(owners map[types.Object]string, s *types.Struct, prefix string) {
	for f := range s.Fields() {
		if owners[f] != "" {
			continue // declared as another type of ours: type a b
		}
		owners[f] = prefix
		if inner, ok := f.Type().(*types.Struct); ok {
			ownFields(owners, inner, prefix+f.Name()+".")
		}
	}
}

// declaredType returns the type that obj declares, nil when obj is an alias or
// no type.
func declaredType(obj types.Object) *types.Named {
	name, ok := obj.(*types.TypeName)
	if !ok || name.IsAlias() {
		return nil
	}
	named, _ := name.Type().(*types.Named)
	return named
}

// LargestCircle returns the circle with the most files, of equals the one with
// the most lines. It is the zero Circle when there is none.
func (p *Package) LargestCircle() Circle {
	var best Circle
	for _, c := range p.Circles() {
		if len(c.Files) > len(best.Files) || len(c.Files) == len(best.Files) && c.Lines > best.Lines {
			best = c
		}
	}
	return best
}

// Circles returns every circle of two files or more, in no particular order; nil when there is none.
// A file is in at most one of them.
func (p *Package) Circles() []Circle {
	next := map[*File][]*File{}
	for _, e := range p.Edges() {
		next[e.From] = append(next[e.From], e.To)
	}
	s := search{next: next, seen: map[*File]int{}, low: map[*File]int{}, open: map[*File]bool{}}
	for _, f := range p.Files {
		if s.seen[f] == 0 {
			s.visit(f)
		}
	}
	return s.circles
}

// search finds strongly connected sets of files by Tarjan's algorithm.
type search struct {
	next    map[*File][]*File
	seen    map[*File]int // order of the first visit, from 1
	low     map[*File]int // smallest order that can be reached
	open    map[*File]bool
	stack   []*File
	circles []Circle
}

func (s *search) visit(f *File) {
	order := len(s.seen) + 1
	s.seen[f], s.low[f] = order, order
	s.stack, s.open[f] = append(s.stack, f), true
	for _, to := range s.next[f] {
		if s.seen[to] == 0 {
			s.visit(to)
			s.low[f] = min(s.low[f], s.low[to])
		} else if s.open[to] {
			s.low[f] = min(s.low[f], s.seen[to])
		}
	}
	if s.low[f] != order {
		return
	}
	at := slices.Index(s.stack, f)
	c := Circle{Files: slices.Clone(s.stack[at:])}
	s.stack = s.stack[:at]
	for _, member := range c.Files {
		s.open[member] = false
		c.Lines += member.Lines
	}
	if len(c.Files) > 1 {
		slices.SortFunc(c.Files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
		s.circles = append(s.circles, c)
	}
}
