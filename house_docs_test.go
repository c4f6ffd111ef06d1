package main

import (
	"go/ast"
	"go/token"
	"iter"
	"slices"
	"strings"
)

// conventional are methods whose meaning the standard library has fixed; they
// need no comment of their own.
const conventional = " String Error Unwrap Is Read Write Close Len Less Swap Timeout Temporary LogValue "

// checkPackageDoc wants exactly one package comment, and it opens as godoc does.
func (in *inspector) checkPackageDoc(folder string, sources []source) {
	var docs []source
	code := slices.DeleteFunc(slices.Clone(sources), func(s source) bool { return s.test })
	for _, s := range code {
		if s.tree.Doc != nil {
			docs = append(docs, s)
		}
	}
	if len(code) == 0 {
		return
	}
	if len(docs) != 1 {
		in.report(code[0].tree.Package, folder, "%s has %d package comments, want 1", orMain(folder), len(docs))
		return
	}
	want := "Package " + code[0].tree.Name.Name + " "
	if folder == "" {
		want = "Penstock "
	}
	if !strings.HasPrefix(docs[0].tree.Doc.Text(), want) {
		in.report(docs[0].tree.Package, folder, "the package comment opens with %q", want)
	}
}

// checkDocs wants a comment on every exported name.
func (in *inspector) checkDocs(s source) {
	for _, d := range s.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			fixed := d.Recv != nil && strings.Contains(conventional, " "+name+" ")
			if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil && !fixed {
				in.report(d.Pos(), s.name, "%s has no comment", name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				in.checkSpecDoc(s, d, spec)
			}
		}
	}
}

func (in *inspector) checkSpecDoc(s source, group *ast.GenDecl, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && group.Doc == nil && spec.Doc == nil {
			in.report(spec.Pos(), s.name, "type %s has no comment", spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && group.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				in.report(name.Pos(), s.name, "%s has no comment", name.Name)
			}
		}
	}
}

// exportedReceiver reports whether a method belongs to an exported type, or f
// is no method.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	return ast.IsExported(rootName(f.Recv.List[0].Type))
}

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
