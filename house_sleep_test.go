package main

import "go/ast"

// checkSleep refuses time.Sleep in tests, but inside a bubble of
// testing/synctest, where it moves the clock instead of waiting.
func (in *inspector) checkSleep(sources []source) {
	bubbles := bubbleMakers(sources)
	for _, s := range sources {
		if !s.test {
			continue
		}
		names := importNames(s.tree)
		var look func(n ast.Node) bool
		look = func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if isCall(call, names, "time", "Sleep") {
				in.report(call.Pos(), s.name, "time.Sleep in a test: wait for the event, or use testing/synctest")
			}
			fun, _ := call.Fun.(*ast.Ident)
			bubble := isCall(call, names, "testing/synctest", "Test") || fun != nil && bubbles[fun.Name]
			for _, arg := range call.Args {
				if _, literal := arg.(*ast.FuncLit); !bubble || !literal {
					ast.Inspect(arg, look)
				}
			}
			ast.Inspect(call.Fun, look)
			return false
		}
		ast.Inspect(s.tree, look)
	}
}

// bubbleMakers names the functions of a folder's tests that run what they are
// given inside a bubble.
func bubbleMakers(sources []source) map[string]bool {
	makers := map[string]bool{}
	for _, s := range sources {
		names := importNames(s.tree)
		for _, d := range s.tree.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !s.test {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isCall(call, names, "testing/synctest", "Test") {
					makers[f.Name.Name] = true
				}
				return true
			})
		}
	}
	return makers
}

// isCall reports whether call names that function of that package.
func isCall(call *ast.CallExpr, names map[string]string, pkg, function string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && names[x.Name] == pkg && sel.Sel.Name == function
}
