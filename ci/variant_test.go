package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVariants wants each variant to apply to the reference as it is, and to say who allows it.
func TestVariants(t *testing.T) {
	variants, err := LoadVariants("variants")
	if err != nil {
		t.Fatal(err)
	}
	if len(variants) == 0 {
		t.Fatal("there are no variants")
	}
	for _, v := range variants {
		if err := v.Applies(t.Context(), ".."); err != nil {
			t.Error(err)
		}
	}
}

func TestLoadVariants(t *testing.T) {
	_, diff, _ := strings.Cut(patch, "diff --git ")
	diff = "diff --git " + diff
	for _, test := range []struct{ name, text, says string }{
		{"whole", "Allowed: the handbook\nIt is green.\n" + diff, ""},
		{"nobody", "It is green.\n" + diff, "who allows it"},
		{"twice", "Allowed: the handbook\nAllowed: the law\nIt is green.\n" + diff, "two lines"},
		{"silent", "Allowed: the handbook\n" + diff, "what is otherwise"},
		{"no diff", "Allowed: the handbook\nIt is green.\n", "no diff"},
		{"elsewhere", "Allowed: the handbook\nIt is green.\n" + strings.ReplaceAll(diff, "reference/", "steps/"), "steps/x.go"},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "green.patch")
		if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		variants, err := LoadVariants(folder)
		if test.says != "" {
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "green") {
				t.Errorf("%s: the error is %v", test.name, err)
			}
			continue
		}
		want := []Variant{{Patch: Patch{Name: "green", Path: path, About: "It is green.", Files: []string{"reference/x.go"}}, Allowed: "the handbook"}}
		if diff := cmp.Diff(want, variants); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
	}
}

func TestChooseVariants(t *testing.T) {
	all := []Variant{{Patch: Patch{Name: "green"}}, {Patch: Patch{Name: "late"}}}
	for _, test := range []struct {
		names, want []string
		says        string
	}{
		{nil, []string{"green", "late"}, ""},
		{[]string{"late"}, []string{"late"}, ""},
		{[]string{"lat"}, nil, `no variant "lat"; there are green, late`},
	} {
		chosen, err := ChooseVariants(all, test.names)
		var got []string
		for _, v := range chosen {
			got = append(got, v.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.names, diff)
		}
		if test.says == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: the error is %v", test.names, err)
		}
	}
}
