package features

import (
	"bytes"
	"embed"
	"fmt"

	"gopkg.in/yaml.v3"
)

// FS holds the feature files and claims.yaml, as they were when the program was built.
//
//go:embed claims.yaml */*.feature
var FS embed.FS

// Level says how binding a claim is.
type Level string

// The levels of claims.
const (
	// Must: a conforming implementation does this.
	Must Level = "MUST"
	// Should: best effort; a miss is reported and does not fail the run.
	Should Level = "SHOULD"
	// Historic: true of the book's day, changed since; judged only when asked for.
	Historic Level = "HISTORIC"
)

// Claim is one testable statement of the book.
type Claim struct {
	ID       string   `yaml:"id"`       // also the tag of its scenarios, behind an @
	Chapter  int      `yaml:"chapter"`  // 5 to 8
	Level    Level    `yaml:"level"`    // of all its scenarios, but those tagged @should or @historic
	Profiles []string `yaml:"profiles"` // what a target needs for the whole claim; a scenario tags its own
	Text     string   `yaml:"text"`     // what the book says
	Shows    string   `yaml:"shows"`    // what its scenarios have to observe, at least
	Pending  bool     `yaml:"pending"`  // has no scenarios yet
}

// Claims reads claims.yaml, in the order of the book. Fields that it does not know are an error.
func Claims() ([]Claim, error) {
	data, err := FS.ReadFile("claims.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the claims: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var claims []Claim
	if err := decoder.Decode(&claims); err != nil {
		return nil, fmt.Errorf("read claims.yaml: %w", err)
	}
	return claims, nil
}
