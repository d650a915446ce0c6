package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// original is a program that says what it is made of.
const original = `package main

import "fmt"

const limit = 3

type list[T any] []T

func (l list[T]) first(_ int) (T, error) {
	return l[0], nil
}

func count(_ string, words ...string) int { return len(words) }

func pair[K comparable, V any](k K, v V) string { return fmt.Sprint(k, v) }

func say(words ...string) {
	fmt.Println(words)
}

func caught() {
	if recover() != nil {
		say("caught")
	}
}

func main() {
	first, _ := list[int]{7, 8}.first(0)
	say(fmt.Sprint(first), fmt.Sprint(count("", "a", "b")), pair("a", 1))
	defer caught()
	panic(limit)
}
`

// TestSchemata puts mutants of a small program beside each other, and wants of each turn what the mutant alone says.
func TestSchemata(t *testing.T) {
	tests := []struct {
		name, from, to string
		says           string // when it is its turn
		apart          string // or why it cannot share
	}{
		{name: "the-last", from: "return l[0], nil", to: "return l[len(l)-1], nil", says: "[8 2 a1]"},
		{name: "one-more", from: "return len(words)", to: "return len(words) + 1", says: "[7 3 a1]"},
		{name: "one-less", from: "return len(words)", to: "return len(words) - 1", says: "[7 1 a1]"},
		{name: "turned", from: "return fmt.Sprint(k, v)", to: "return fmt.Sprint(v, k)", says: "[7 2 1a]"},
		{name: "loud", from: "\tfmt.Println(words)\n}", to: "\tfmt.Println(strings.ToUpper(strings.Join(words, \" \")))\n}", says: "7 2 A1"},
		{name: "helped", from: "\tfmt.Println(words)\n}", to: "\tfmt.Println(help(words))\n}\n\nfunc help(words []string) int { return len(words) }", says: "3"},
		{name: "helped-too", from: "\tfmt.Println(words)\n}", to: "\tfmt.Println(help(words))\n}\n\nfunc help(words []string) int { return 0 }", apart: "helped adds the function program.help, too"},
		{name: "higher", from: "limit = 3", to: "limit = 4", apart: "it changes a const, a type or a variable"},
		{name: "quiet", from: "say(\"caught\")", to: "say(\"\")", apart: "caught recovers"},
		{name: "longer", from: "func count(_ string, words ...string) int {", to: "func count(_ string, words ...string) (n int) {", apart: "what count takes or returns"},
		{name: "methodical", from: "func count(", to: "func (l list[T]) String() string { return \"\" }\n\nfunc count(", apart: "it adds the method list.String"},
		{name: "wrong", from: "return fmt.Sprint(k, v)", to: "return fmt.Sprint(k, w)", apart: "wrong.mutant:1: undefined: w"},
	}
	repository, folder := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := func(name string, arguments ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, arguments...)
		cmd.Dir = repository
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	program := filepath.Join(repository, "program", "main.go")
	write(filepath.Join(repository, "go.mod"), "module example.com/program\n\ngo 1.26\n")
	write(program, original)
	for _, arguments := range [][]string{{"init", "-q"}, {"add", "."}} {
		if out, err := command("git", arguments...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var mutants []Mutant
	for _, test := range tests {
		text := strings.Replace(original, test.from, test.to, 1)
		if strings.Contains(text, "strings.") {
			text = strings.Replace(text, `import "fmt"`, "import (\n\t\"fmt\"\n\t\"strings\"\n)", 1)
		}
		write(program, text)
		diff, err := command("git", "diff")
		if err != nil || diff == "" {
			t.Fatalf("%s: %v, %q", test.name, err, diff)
		}
		patch := filepath.Join(folder, test.name+".patch")
		write(patch, diff)
		mutants = append(mutants, Mutant{Patch: Patch{Name: test.name, Path: patch, Files: []string{"program/main.go"}}})
	}
	write(program, original)
	shared, err := NewSchemata(t.Context(), repository, filepath.Join(folder, "shared"), mutants, []string{"program"})
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(folder, "built")
	build := func() (string, error) {
		t.Helper()
		overlay, err := shared.Overlay()
		if err != nil {
			t.Fatal(err)
		}
		return command("go", "build", "-overlay", overlay, "-o", built, "./program")
	}
	said, err := build()
	if err == nil || !shared.Without(said) || shared.Without(said) {
		t.Fatalf("the compiler says %q and that is %v, want a complaint about a mutant that is there once", said, err)
	}
	if said, err = build(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var sharing []string
	for _, test := range tests {
		if test.apart != "" {
			if err := shared.Apart[test.name]; err == nil || !strings.Contains(err.Error(), test.apart) {
				t.Errorf("%s is apart because of %v, want %q", test.name, err, test.apart)
			}
			continue
		}
		sharing = append(sharing, test.name)
		t.Setenv(TurnVariable, test.name)
		if said, err := command(built); err != nil || said != test.says+"\n[caught]\n" && said != strings.ToUpper(test.says+"\ncaught\n") && said != test.says+"\n1\n" {
			t.Errorf("at its turn %s says %q (%v), want %q", test.name, said, err, test.says)
		}
	}
	if diff := cmp.Diff(sharing, shared.Names()); diff != "" {
		t.Errorf("these share (-want +got):\n%s", diff)
	}
	t.Setenv(TurnVariable, "")
	if said, err := command(built); err != nil || said != "[7 2 a1]\n[caught]\n" {
		t.Errorf("without a turn the program says %q (%v)", said, err)
	}
}
