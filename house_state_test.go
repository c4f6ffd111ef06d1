package main

import (
	"go/ast"
	"go/token"
	"iter"
)

// checkState refuses package variables that change: those made to be written
// (locks, atomics, channels) and those that some function assigns to.
func (in *inspector) checkState(folder string, sources []source) {
	vars := map[string]bool{}
	for _, s := range sources {
		if s.test {
			continue
		}
		for spec := range packageVars(s.tree) {
			for _, name := range spec.Names {
				vars[name.Name] = name.Name != "_"
				if what := mutable(spec); what != "" {
					in.report(name.Pos(), folder+":"+name.Name, "package variable %s is a %s: put it into a struct", name.Name, what)
				}
			}
		}
	}
	for _, s := range sources {
		for _, d := range s.tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil && !s.test {
				in.checkWrites(folder, f, vars)
			}
		}
	}
}

// packageVars yields the variable declarations of a file's package level.
func packageVars(f *ast.File) iter.Seq[*ast.ValueSpec] {
	return func(yield func(*ast.ValueSpec) bool) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && !yield(v) {
					return
				}
			}
		}
	}
}

// mutable names the kind of a variable that exists to be written; "" is none.
// A sync.Pool holds spare memory, not state, and passes.
func mutable(v *ast.ValueSpec) string {
	kinds := []ast.Expr{v.Type}
	for _, value := range v.Values {
		if lit, ok := value.(*ast.CompositeLit); ok {
			kinds = append(kinds, lit.Type)
		}
		if call, ok := value.(*ast.CallExpr); ok {
			if fun, ok := call.Fun.(*ast.Ident); ok && fun.Name == "make" {
				return "made map, slice or channel"
			}
		}
	}
	for _, kind := range kinds {
		if sel, ok := kind.(*ast.SelectorExpr); ok {
			pkg := rootName(sel.X)
			if pkg == "atomic" || pkg == "sync" && sel.Sel.Name != "Pool" {
				return pkg + "." + sel.Sel.Name
			}
		}
		if _, ok := kind.(*ast.ChanType); ok {
			return "channel"
		}
	}
	return ""
}

// checkWrites reports assignments of f to package variables that no local name
// hides.
func (in *inspector) checkWrites(folder string, f *ast.FuncDecl, vars map[string]bool) {
	local := localNames(f)
	write := func(target ast.Expr) {
		if name := rootName(target); vars[name] && !local[name] {
			in.report(target.Pos(), folder+":"+name, "%s writes package variable %s", f.Name.Name, name)
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					write(target)
				}
			}
		case *ast.IncDecStmt:
			write(n.X)
		}
		return true
	})
}

// localNames are the names that a function declares itself.
func localNames(f *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, target := range n.Lhs {
					names[rootName(target)] = true
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				names[rootName(n.Key)], names[rootName(n.Value)] = true, true
			}
		}
		return true
	})
	return names
}

// rootName is the identifier that an expression starts from: x of x.f[i].
func rootName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return rootName(e.X)
	case *ast.IndexExpr:
		return rootName(e.X)
	case *ast.IndexListExpr:
		return rootName(e.X)
	case *ast.StarExpr:
		return rootName(e.X)
	case *ast.ParenExpr:
		return rootName(e.X)
	}
	return ""
}
