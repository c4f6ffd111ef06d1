package measure

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Write is a place that changes a field of a struct, or makes a value of the
// struct with fields set.
type Write struct {
	Folder, File string // File is a base name
	Line         int    // from 1
	What         string // the name of the field, or "a literal"
}

// Writes returns every place in the module's code that assigns to a field of
// the struct type called name in folder, or to a part of such a field that is
// not reached over a pointer, and every composite literal of the type that sets
// a field. Changes through a pointer to a field or by a method of it are not found. folder is
// relative to the module, "" for its root. Tests are left out. ok is false when there is no such
// folder or type in it.
func (m *Module) Writes(folder, name string) (writes []Write, ok bool) {
	path := m.path
	if folder != "" {
		path += "/" + folder
	}
	pkg := m.known[path]
	if pkg == nil {
		return nil, false
	}
	target := declaredType(pkg.Scope().Lookup(name))
	if target == nil {
		return nil, false
	}
	for _, p := range m.Packages {
		for _, f := range p.Files {
			report := func(pos token.Pos, what string) {
				if what != "" {
					writes = append(writes, Write{p.Folder(), f.Name, m.files.Position(pos).Line, what})
				}
			}
			ast.Inspect(f.tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						report(left.Pos(), p.fieldOf(target, left))
					}
				case *ast.IncDecStmt:
					report(n.Pos(), p.fieldOf(target, n.X))
				case *ast.RangeStmt:
					report(n.Pos(), p.fieldOf(target, n.Key))
					report(n.Pos(), p.fieldOf(target, n.Value))
				case *ast.CompositeLit:
					if len(n.Elts) > 0 && isType(p.info.Types[n].Type, target) {
						report(n.Pos(), "a literal")
					}
				}
				return true
			})
		}
	}
	return writes, true
}

// fieldOf returns the field of target that an assignment to e changes, "" when
// there is none. It follows e to its root as far as no pointer lies between:
// x.f.g = 1 and x.f[0] = 1 change f of x, but not when f is a pointer.
func (p *Package) fieldOf(target *types.Named, e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
			if isPointer(p.info.Types[e].Type) {
				return ""
			}
		case *ast.SelectorExpr:
			s := p.info.Selections[x]
			if s == nil || s.Kind() != types.FieldVal {
				return "" // a variable of another package
			}
			name, end := ownedBy(target, s)
			if name != "" || end {
				return name
			}
			e = x.X
		default:
			return ""
		}
	}
}

// ownedBy walks the fields that a selector names, the embedded ones between
// included, from the last to the first. It returns the first of them that
// belongs to target; end says that a pointer was met before it.
func ownedBy(target *types.Named, s *types.Selection) (name string, end bool) {
	type step struct {
		owner types.Type // the struct
		field *types.Var
	}
	var steps []step
	t := s.Recv()
	for _, i := range s.Index() {
		t = element(t)
		field := t.Underlying().(*types.Struct).Field(i)
		steps = append(steps, step{t, field})
		t = field.Type()
	}
	for i := len(steps) - 1; i >= 0; i-- {
		if isType(steps[i].owner, target) {
			return steps[i].field.Name(), false
		}
		if i > 0 && isPointer(steps[i-1].field.Type()) {
			return "", true
		}
	}
	return "", isPointer(s.Recv())
}

// element returns what a pointer type points to, and any other type itself.
func element(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// isType reports whether t is the named type, or an instance of it.
func isType(t types.Type, named *types.Named) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Origin() == named
}
