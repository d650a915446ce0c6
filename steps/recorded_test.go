package steps

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/fixtures/golden"
)

// TestEveryRecordedFileIsPlayed wants each of golden's files to have its two scenarios, and each such scenario its file.
func TestEveryRecordedFileIsPlayed(t *testing.T) {
	sentences := []string{`the API answers the requests of "%s" as Kubernetes 1.37 did`, `the API answers the requests of "%s" in the words of Kubernetes 1.37`}
	missing := map[string]bool{}
	for _, name := range golden.Names() {
		for _, sentence := range sentences {
			missing[fmt.Sprintf(sentence, name)] = true
		}
	}
	files, err := fs.Glob(features.FS, "*/recorded.feature")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(features.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		document, err := gherkin.ParseGherkinDocument(strings.NewReader(string(text)), (&messages.Incrementing{}).NewId)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, pickle := range gherkin.Pickles(*document, file, (&messages.Incrementing{}).NewId) {
			for _, step := range pickle.Steps {
				if !missing[step.Text] {
					t.Errorf("%s: %q plays no file, or one that another scenario plays", file, step.Text)
				}
				delete(missing, step.Text)
			}
		}
	}
	for sentence := range missing {
		t.Errorf("no scenario says that %s", sentence)
	}
}
