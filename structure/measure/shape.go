package measure

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// Sized is something that has a size: a type with its methods or fields, a file
// with its lines.
type Sized struct {
	Name string // "" when there is none of the kind
	Size int
}

// grow replaces s when size is larger, or when the names would otherwise depend
// on the order of a map.
func (s *Sized) grow(name string, size int) {
	if size > s.Size || size == s.Size && size > 0 && name < s.Name {
		*s = Sized{name, size}
	}
}

// MostMethods returns the type with the most methods and their number, interfaces left
// out; the zero Sized when no type has a method. Methods of embedded structs of the module
// count as those of the type that embeds them.
func (p *Package) MostMethods() Sized {
	var most Sized
	for _, obj := range p.info.Defs {
		if named := declaredType(obj); named != nil && !types.IsInterface(named) {
			most.grow(obj.Name(), p.module.methods(named, nil))
		}
	}
	return most
}

func (m *Module) methods(named *types.Named, above []*types.Named) int {
	if slices.Contains(above, named) {
		return 0
	}
	n := named.NumMethods()
	s, _ := named.Underlying().(*types.Struct)
	if s == nil {
		return n
	}
	for f := range s.Fields() {
		if inner := m.embedded(f); inner != nil {
			n += m.methods(inner, append(above, named))
		}
	}
	return n
}

// embedded returns the struct type of the module that a field embeds, by value
// or by pointer, and nil for any other field.
func (m *Module) embedded(f *types.Var) *types.Named {
	if !f.Embedded() {
		return nil
	}
	return m.ourStruct(f.Type())
}

func (m *Module) ourStruct(t types.Type) *types.Named {
	t = types.Unalias(t)
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || !m.ours(named.Obj().Pkg()) {
		return nil
	}
	named = named.Origin()
	if _, ok := named.Underlying().(*types.Struct); !ok {
		return nil
	}
	return named
}

// MostFields returns the struct with the most fields. An embedded struct of the
// module counts with its fields instead of one, and so does a field whose struct
// type has no name. It is the zero Sized when no struct has a field.
func (p *Package) MostFields() Sized {
	var most Sized
	for _, obj := range p.info.Defs {
		named := declaredType(obj)
		if named == nil {
			continue
		}
		if s, ok := named.Underlying().(*types.Struct); ok {
			most.grow(obj.Name(), p.module.fields(s, nil))
		}
	}
	return most
}

func (m *Module) fields(s *types.Struct, above []*types.Struct) int {
	if slices.Contains(above, s) {
		return 0
	}
	above = append(above, s)
	n := 0
	for f := range s.Fields() {
		if inner := m.embedded(f); inner != nil {
			n += m.fields(inner.Underlying().(*types.Struct), above)
		} else if inner, ok := f.Type().(*types.Struct); ok {
			n += m.fields(inner, above)
		} else {
			n++
		}
	}
	return n
}

// LargestInterface returns the interface with the most methods, embedded ones
// included; the zero Sized when no interface has a method. One without a name is called by its file.
func (p *Package) LargestInterface() Sized { return p.LargestInterfaceBut() }

// LargestInterfaceBut is LargestInterface without the interfaces of these names; names that do not
// exist are ignored.
func (p *Package) LargestInterfaceBut(names ...string) Sized {
	var most Sized
	for _, f := range p.Files {
		inNamed := map[ast.Expr]string{}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				inNamed[n.Type] = n.Name.Name
			case *ast.InterfaceType:
				name := inNamed[n]
				if name == "" {
					name = "interface in " + f.Name
				}
				if t, ok := p.info.Types[n].Type.(*types.Interface); ok && !slices.Contains(names, name) {
					most.grow(name, t.NumMethods())
				}
			}
			return true
		})
	}
	return most
}

// LargestFile returns the file with the most lines; the zero Sized for a package without files.
func (p *Package) LargestFile() Sized {
	var most Sized
	for _, f := range p.Files {
		most.grow(f.Name, f.Lines)
	}
	return most
}

// Forwarders returns the types with methods that add nothing to the one pointer to a struct of the
// module that they embed: it is the only field, or each method of the type only calls a method of
// what is embedded with its own arguments. The names are sorted; nil when there are none.
func (p *Package) Forwarders() []string {
	var names []string
	for _, obj := range p.info.Defs {
		named := declaredType(obj)
		if named == nil {
			continue
		}
		s, ok := named.Underlying().(*types.Struct)
		if !ok {
			continue
		}
		pointer, only := p.module.embeddedPointer(s)
		if pointer == nil {
			continue
		}
		if only && named.NumMethods() > 0 || p.allForward(named, pointer) {
			names = append(names, obj.Name())
		}
	}
	slices.Sort(names)
	return names
}

// embeddedPointer returns the embedded pointer to a struct of the module that s
// has, nil unless there is exactly one; only says that s has no other field.
func (m *Module) embeddedPointer(s *types.Struct) (pointer *types.Var, only bool) {
	for f := range s.Fields() {
		if _, ok := f.Type().(*types.Pointer); !ok || m.embedded(f) == nil {
			continue
		}
		if pointer != nil {
			return nil, false
		}
		pointer = f
	}
	return pointer, s.NumFields() == 1
}

func (p *Package) allForward(named *types.Named, pointer *types.Var) bool {
	if named.NumMethods() == 0 {
		return false
	}
	for _, f := range p.Files {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Body == nil || !p.isMethodOf(fn, named) {
				continue
			}
			if !p.forwards(fn, pointer) {
				return false
			}
		}
	}
	return true
}

func (p *Package) isMethodOf(fn *ast.FuncDecl, named *types.Named) bool {
	for m := range named.Methods() {
		if m == p.info.Defs[fn.Name] {
			return true
		}
	}
	return false
}

// forwards reports whether fn is one call, of a method that the embedded pointer
// has, with the parameters of fn in their order.
func (p *Package) forwards(fn *ast.FuncDecl, pointer *types.Var) bool {
	call := onlyCall(fn.Body)
	if call == nil {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || p.info.Selections[sel] == nil {
		return false
	}
	methods := types.NewMethodSet(pointer.Type())
	obj := p.info.Selections[sel].Obj()
	if found := methods.Lookup(obj.Pkg(), obj.Name()); found == nil || found.Obj() != obj {
		return false
	}
	var given, wanted []string
	for _, arg := range call.Args {
		id, ok := arg.(*ast.Ident)
		if !ok {
			return false
		}
		given = append(given, id.Name)
	}
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			wanted = append(wanted, name.Name)
		}
	}
	return strings.Join(given, ",") == strings.Join(wanted, ",")
}

// onlyCall returns the call that is all of a body, nil when it has more or other
// statements.
func onlyCall(body *ast.BlockStmt) *ast.CallExpr {
	if len(body.List) != 1 {
		return nil
	}
	var expr ast.Expr
	switch s := body.List[0].(type) {
	case *ast.ExprStmt:
		expr = s.X
	case *ast.ReturnStmt:
		if len(s.Results) == 1 {
			expr = s.Results[0]
		}
	}
	call, _ := expr.(*ast.CallExpr)
	return call
}
