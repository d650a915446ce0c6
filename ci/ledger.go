package ci

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Ledger are the mutants that have been seen caught, by name, each with the key of what it was caught at (see State). Kept in the
// repository, it lets a hunt go on where another machine's ended, and tells what of the catalogue is still as it was seen.
type Ledger map[string]string

// ledgerHead is what the file begins with.
const ledgerHead = "# Made by make mutants LEDGER=1: each mutant that was seen caught, and the key of its patch, its scenarios, the reference and the steps as they were then.\n"

// ReadLedger reads a ledger; a file that there is not is an empty one.
func ReadLedger(path string) (Ledger, error) {
	l := Ledger{}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, key, found := strings.Cut(line, " ")
		if !found || l[name] != "" || key == "" {
			return nil, fmt.Errorf("%s:%d: %q: a line is a mutant's name and a key, and each mutant has one", path, number, line)
		}
		l[name] = key
	}
	return l, nil
}

// Write writes the ledger, in the order of the names.
func (l Ledger) Write(path string) error {
	var text strings.Builder
	text.WriteString(ledgerHead)
	for _, name := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&text, "%s %s\n", name, l[name])
	}
	if err := replaceFile(path, []byte(text.String())); err != nil {
		return fmt.Errorf("keep the ledger: %w", err)
	}
	return nil
}
