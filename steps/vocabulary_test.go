package steps

import (
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plumbline/plumbline/features"
)

// A sentence that two definitions match would mean two things, one that none matches would mean nothing, and a definition
// that no feature uses is dead.
func TestEachSentenceHasOneMeaning(t *testing.T) {
	used := map[string]int{}
	var patterns []*regexp.Regexp
	registerAll(vocabulary{func(sentence string, function any) {
		patterns = append(patterns, regexp.MustCompile(sentence))
		used[sentence] = 0
		groups, arguments := regexp.MustCompile(sentence).NumSubexp(), reflect.TypeOf(function).NumIn()-1
		if arguments != groups && arguments != groups+1 {
			t.Errorf("the sentence %s has %d parts, and its function takes %d", sentence, groups, arguments)
		}
	}})
	for file, pickles := range picklesOf(t, "*/*.feature") {
		for _, pickle := range pickles {
			for _, step := range pickle.Steps {
				matches := []string{}
				for _, pattern := range patterns {
					if pattern.MatchString(step.Text) {
						matches = append(matches, pattern.String())
						used[pattern.String()]++
					}
				}
				if len(matches) != 1 {
					t.Errorf("%s: %s: the sentence %q has %d meanings: %q", file, pickle.Name, step.Text, len(matches), matches)
				}
			}
		}
	}
	for sentence, count := range used {
		if count == 0 {
			t.Errorf("no feature uses the sentence %s", sentence)
		}
	}
}

// picklesOf are the scenarios of the feature files, outlines expanded, by file.
func picklesOf(t *testing.T, pattern string) map[string][]*messages.Pickle {
	t.Helper()
	files, err := fs.Glob(features.FS, pattern)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]*messages.Pickle{}
	for _, file := range files {
		text, err := fs.ReadFile(features.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		document, err := gherkin.ParseGherkinDocument(strings.NewReader(string(text)), (&messages.Incrementing{}).NewId)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[file] = gherkin.Pickles(*document, file, (&messages.Incrementing{}).NewId)
	}
	return all
}
