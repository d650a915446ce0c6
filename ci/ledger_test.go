package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "caught.txt")
	empty, err := ReadLedger(path)
	if err != nil || len(empty) != 0 {
		t.Fatalf("a ledger that is not there is %v (%v)", empty, err)
	}
	want := Ledger{"notin-misses": "0123", "addresses-stay": "4567"}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was written is read otherwise (-want +got):\n%s", diff)
	}
	text, _ := os.ReadFile(path)
	if !strings.HasPrefix(string(text), "# Made by make mutants") || !strings.HasSuffix(string(text), "\naddresses-stay 4567\nnotin-misses 0123\n") {
		t.Errorf("the file is %q", text)
	}
	for _, wrong := range []string{"alone\n", "# x\nname  \n", "twice 1\ntwice 2\n"} {
		write(t, path, wrong)
		if _, err := ReadLedger(path); err == nil || !strings.Contains(err.Error(), path+":") {
			t.Errorf("%q makes the error %v, want one that names the line", wrong, err)
		}
	}
}
