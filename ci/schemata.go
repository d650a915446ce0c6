package ci

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// TurnVariable names the mutant whose turn it is, in the environment of a program that holds several.
const TurnVariable = "PLUMBLINE_MUTANT"

// Schemata are mutants that share one program, so that it is compiled and linked once for all of them. Each function that
// one of them changes is there a second time as the mutant has it, and the first asks at its beginning whose turn it is. So
// mutants can share that change the insides of functions, or add some: most do. The method is known as mutant schemata.
type Schemata struct {
	repository, folder string
	share              []sharing
	Apart              map[string]error // why the other mutants need programs of their own, by name
}

// sharing is a mutant of the schemata, by what it changes of each file.
type sharing struct {
	mutant Mutant
	files  map[string]change
}

// change is what a mutant changes of one file.
type change struct {
	source  []byte // the file as the mutant has it
	changed []*ast.FuncDecl
	added   []*ast.FuncDecl
	imports []*ast.ImportSpec
	offset  func(token.Pos) int // into source
}

// NewSchemata finds the mutants that can share a program, out of those that change nothing outside of the given packages,
// which are folders such as "reference/proxy". It writes below a folder that has to be there for as long as the schemata are used.
func NewSchemata(ctx context.Context, repository, folder string, mutants []Mutant, packages []string) (*Schemata, error) {
	repository, err := filepath.Abs(repository)
	if err != nil {
		return nil, err
	}
	s := &Schemata{repository: repository, folder: folder, Apart: map[string]error{}}
	taken := map[string]string{} // what is added to packages, and by which mutant
	for _, m := range mutants {
		sharing, err := s.read(ctx, m, packages)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil {
			err = sharing.claim(taken)
		}
		if err != nil {
			s.Apart[m.Name] = err
			continue
		}
		s.share = append(s.share, sharing)
	}
	return s, nil
}

// Names are those of the mutants that share the program.
func (s *Schemata) Names() []string {
	var names []string
	for _, sharing := range s.share {
		names = append(names, sharing.mutant.Name)
	}
	return names
}

// read reads what a mutant changes. Its error says why it cannot share a program.
func (s *Schemata) read(ctx context.Context, m Mutant, packages []string) (sharing, error) {
	for _, file := range m.Files {
		if !slices.Contains(packages, path.Dir(file)) || path.Ext(file) != ".go" {
			return sharing{}, fmt.Errorf("%s is part of more than one program", file)
		}
	}
	folder := filepath.Join(s.folder, m.Name)
	if _, err := m.Overlay(ctx, s.repository, folder); err != nil {
		return sharing{}, err
	}
	result := sharing{mutant: m, files: map[string]change{}}
	for _, file := range m.Files {
		before, err := os.ReadFile(filepath.Join(s.repository, filepath.FromSlash(file)))
		if err != nil {
			return sharing{}, fmt.Errorf("a file that the patch adds: %w", err)
		}
		after, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(file)))
		if err != nil {
			return sharing{}, fmt.Errorf("a file that the patch removes: %w", err)
		}
		if result.files[file], err = compare(before, after); err != nil {
			return sharing{}, fmt.Errorf("%s: %w", file, err)
		}
	}
	return result, nil
}

// claim takes the names that a mutant adds to its packages, unless an earlier mutant has one of them.
func (s sharing) claim(taken map[string]string) error {
	var mine []string
	for file, c := range s.files {
		for _, f := range c.added {
			name := path.Dir(file) + "." + nameOf(f)
			if other, found := taken[name]; found {
				return fmt.Errorf("%s adds the function %s, too", other, name)
			}
			mine = append(mine, name)
		}
	}
	for _, name := range mine {
		taken[name] = s.mutant.Name
	}
	return nil
}

// compare finds what differs between two forms of a file, and why that cannot be there beside the original.
func compare(before, after []byte) (change, error) {
	files := token.NewFileSet()
	from, err := parser.ParseFile(files, "before.go", before, parser.SkipObjectResolution)
	if err != nil {
		return change{}, err
	}
	to, err := parser.ParseFile(files, "after.go", after, parser.SkipObjectResolution)
	if err != nil {
		return change{}, err
	}
	offset := func(pos token.Pos) int { return files.Position(pos).Offset }
	c := change{source: after, offset: offset}
	text := func(source []byte, from, to token.Pos) string { return string(source[offset(from):offset(to)]) }
	if others(from, before, text) != others(to, after, text) {
		return change{}, errors.New("it changes a const, a type or a variable")
	}
	if c.imports, err = newImports(from, to); err != nil {
		return change{}, err
	}
	originals := map[string]*ast.FuncDecl{}
	for _, f := range functions(from) {
		originals[nameOf(f)] = f
	}
	for _, f := range functions(to) {
		name := nameOf(f)
		original, found := originals[name]
		delete(originals, name)
		switch {
		case !found && f.Recv != nil:
			return change{}, fmt.Errorf("it adds the method %s", name)
		case !found:
			c.added = append(c.added, f)
		case text(before, original.Pos(), original.End()) == text(after, f.Pos(), f.End()):
		case f.Name.Name == "init" || f.Name.Name == "_" || f.Body == nil || original.Body == nil:
			return change{}, fmt.Errorf("it changes %s, which cannot be called by its name", name)
		case text(before, original.Pos(), original.Body.Lbrace) != text(after, f.Pos(), f.Body.Lbrace):
			return change{}, fmt.Errorf("it changes what %s takes or returns", name)
		case recovers(f):
			return change{}, fmt.Errorf("%s recovers, which only the function that is deferred itself can", name)
		default:
			c.changed = append(c.changed, f)
		}
	}
	for name, f := range originals {
		if f.Recv != nil {
			return change{}, fmt.Errorf("it removes the method %s", name)
		}
	}
	return c, nil
}

func functions(file *ast.File) []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			found = append(found, f)
		}
	}
	return found
}

// others are a file's declarations that are neither functions nor imports.
func others(file *ast.File, source []byte, text func([]byte, token.Pos, token.Pos) string) string {
	var all strings.Builder
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok != token.IMPORT {
			fmt.Fprintln(&all, text(source, d.Pos(), d.End()))
		}
	}
	return all.String()
}

// nameOf is a function's name, after that of the type that it is a method of.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		default:
			return fmt.Sprintf("%T.%s", t, f.Name.Name)
		}
	}
}

// newImports are the imports of a file that another does not have. Two packages of one name cannot be told apart.
func newImports(from, to *ast.File) ([]*ast.ImportSpec, error) {
	have := map[string]string{}
	for _, spec := range from.Imports {
		have[importedAs(spec)] = spec.Path.Value
	}
	var more []*ast.ImportSpec
	for _, spec := range to.Imports {
		switch known, found := have[importedAs(spec)]; {
		case !found:
			more = append(more, spec)
		case known != spec.Path.Value:
			return nil, fmt.Errorf("it imports %s by the name of %s", spec.Path.Value, known)
		}
	}
	return more, nil
}

// importedAs is the name by which a file knows a package, as far as the import says it.
func importedAs(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	full, _ := strconv.Unquote(spec.Path.Value)
	return path.Base(full)
}

// recovers says whether a function calls recover itself, not in a function inside of it.
func recovers(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			name, ok := call.Fun.(*ast.Ident)
			found = found || ok && name.Name == "recover"
		}
		_, inside := n.(*ast.FuncLit)
		return !inside
	})
	return found
}

// Overlay writes the shared program's files, and the file that makes `go build -overlay` take them. It returns that file's path.
func (s *Schemata) Overlay() (string, error) {
	replace := map[string]string{}
	write := func(file string, data []byte) error {
		to := filepath.Join(s.folder, "shared", filepath.FromSlash(file))
		replace[filepath.Join(s.repository, filepath.FromSlash(file))] = to
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644))
	}
	files := map[string][]sharing{}
	for _, sharing := range s.share {
		for file := range sharing.files {
			files[file] = append(files[file], sharing)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		source, err := os.ReadFile(filepath.Join(s.repository, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		name, data, err := weave(source, file, files[file])
		if err != nil {
			return "", fmt.Errorf("put mutants beside each other in %s: %w", file, err)
		}
		turn := fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar mutantsTurn = os.Getenv(%q)\n", name, TurnVariable)
		if err := errors.Join(write(file, data), write(path.Join(path.Dir(file), "mutants_turn.go"), []byte(turn))); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	result := filepath.Join(s.folder, "shared", "overlay.json")
	return result, os.WriteFile(result, overlay, 0o644)
}

// insertion is text that goes into a file, before what is at an offset.
type insertion struct {
	at   int
	text string
}

// weave puts the functions of mutants into a file, and returns it with the name of its package. The original's lines keep their numbers,
// and those of a mutant say whose they are, for the compiler's complaints.
func weave(source []byte, file string, by []sharing) (string, []byte, error) {
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, file, source, parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	offset := func(pos token.Pos) int { return positions.Position(pos).Offset }
	var insertions []insertion
	imported := map[string]bool{}
	turns := map[string][]turn{} // by the function that asks whose turn it is
	var appendix bytes.Buffer
	for n, sharing := range by {
		c := sharing.files[file]
		for _, spec := range c.imports {
			if line := "import " + c.text(spec.Pos(), spec.End()); !imported[line] {
				imported[line] = true
				insertions = append(insertions, insertion{offset(tree.Name.End()), "; " + line})
			}
		}
		for _, f := range c.added {
			fmt.Fprintf(&appendix, "\n//line %s.mutant:1\n%s\n", sharing.mutant.Name, c.text(f.Pos(), f.End()))
		}
		for _, f := range c.changed {
			call := fmt.Sprintf("%sOfMutant%d", f.Name.Name, n)
			fmt.Fprintf(&appendix, "\n//line %s.mutant:1\n%s%s%s\n", sharing.mutant.Name, c.text(f.Pos(), f.Name.Pos()), call, c.text(f.Name.End(), f.End()))
			turns[nameOf(f)] = append(turns[nameOf(f)], turn{sharing.mutant.Name, call})
		}
	}
	for _, f := range functions(tree) {
		if of := turns[nameOf(f)]; of != nil {
			insertions = append(insertions, dispatch(f, of, offset)...)
		}
	}
	slices.SortStableFunc(insertions, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var woven bytes.Buffer
	at := 0
	for _, i := range insertions {
		woven.Write(source[at:i.at])
		woven.WriteString(i.text)
		at = i.at
	}
	woven.Write(source[at:])
	woven.Write(appendix.Bytes())
	return tree.Name.Name, woven.Bytes(), nil
}

// turn is one mutant's form of a function, by the name under which it stands beside the original.
type turn struct{ mutant, call string }

// dispatch makes a function ask whose turn it is before it does anything. What it takes needs names for that.
func dispatch(f *ast.FuncDecl, turns []turn, offset func(token.Pos) int) []insertion {
	var insertions []insertion
	unnamed := 0
	named := func(field *ast.Field) []string {
		var names []string
		for _, name := range field.Names {
			if name.Name != "_" {
				names = append(names, name.Name)
				continue
			}
			unnamed++
			called := fmt.Sprintf("unnamed%d", unnamed)
			// The blank becomes the end of the name.
			insertions = append(insertions, insertion{offset(name.Pos()), called})
			names = append(names, called+"_")
		}
		if len(field.Names) == 0 {
			unnamed++
			called := fmt.Sprintf("unnamed%d", unnamed)
			insertions = append(insertions, insertion{offset(field.Type.Pos()), called + " "})
			names = append(names, called)
		}
		return names
	}
	on := ""
	if f.Recv != nil {
		on = named(f.Recv.List[0])[0] + "."
	}
	var types, arguments []string
	if f.Type.TypeParams != nil {
		for _, field := range f.Type.TypeParams.List {
			for _, name := range field.Names {
				types = append(types, name.Name)
			}
		}
	}
	for _, field := range f.Type.Params.List {
		names := named(field)
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			names[len(names)-1] += "..."
		}
		arguments = append(arguments, names...)
	}
	var text strings.Builder
	text.WriteString(" switch mutantsTurn {")
	for _, t := range turns {
		call := on + t.call
		if len(types) > 0 {
			call += "[" + strings.Join(types, ", ") + "]"
		}
		call += "(" + strings.Join(arguments, ", ") + ")"
		if f.Type.Results != nil {
			fmt.Fprintf(&text, " case %q: return %s;", t.mutant, call)
		} else {
			fmt.Fprintf(&text, " case %q: %s; return;", t.mutant, call)
		}
	}
	text.WriteString(" };")
	return append(insertions, insertion{offset(f.Body.Lbrace) + 1, text.String()})
}

func (c change) text(from, to token.Pos) string { return string(c.source[c.offset(from):c.offset(to)]) }

// complaint is how the compiler names a line of a mutant.
var complaint = regexp.MustCompile(`([a-z0-9-]+)\.mutant:\d+`)

// Without takes the mutants out that a compiler complains about, and says whether there were any.
func (s *Schemata) Without(complaints string) bool {
	why := map[string]error{}
	for line := range strings.Lines(complaints) {
		if named := complaint.FindStringSubmatch(line); named != nil && why[named[1]] == nil {
			why[named[1]] = errors.New(strings.TrimSpace(line))
		}
	}
	before := len(s.share)
	s.share = slices.DeleteFunc(s.share, func(sharing sharing) bool { return why[sharing.mutant.Name] != nil })
	maps.Copy(s.Apart, why)
	return len(s.share) < before
}
