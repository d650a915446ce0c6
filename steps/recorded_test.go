package steps

import (
	"fmt"
	"strings"
	"testing"

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
	for file, pickles := range picklesOf(t, "*/recorded.feature") {
		for _, pickle := range pickles {
			for _, step := range pickle.Steps {
				if !strings.HasPrefix(step.Text, "the API answers") {
					continue // what it needs
				}
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
