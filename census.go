package plumbline

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/reports"
)

// scenario is one entry of the census: a scenario, or one row of an outline.
type scenario struct {
	id       string // stable: claim, name, and what tells its row from others
	chapter  string // folder of its feature
	file     string // path of its feature
	line     int64  // of the scenario, or of the row
	outline  int64  // line of the scenario, or of the outline that it is a row of
	feature  string
	rule     string
	name     string
	claims   []string
	profiles []string
	level    features.Level
	serial   bool // alone on the shared cluster, after the others
	slow     bool // only on demand
	long     bool // takes half a minute or more: starts first
	steps    []string
	source   []byte // its feature file, reduced to this scenario; godog runs this
}

// ownCluster says whether the scenario starts clusters of its own.
func (s *scenario) ownCluster() bool { return slices.Contains(s.profiles, "cluster") }

// Profiles are the abilities that scenarios may need of a target, as their tags name them.
var Profiles = []string{"api", "workloads", "network", "storage", multiNode, "cluster", "implementation", "autoscaling", loadBalancer, "provisioner"}

// multiNode is the profile of what takes two nodes.
const multiNode = "multi-node"

// loadBalancer is the profile of what Kubernetes leaves to others. Its scenarios count for no other profile, whatever else they
// need: a target without a provider is judged by all the rest.
const loadBalancer = "load-balancer"

// census is every scenario there is, in the order of the files, and what is wrong with the features themselves.
type census struct {
	scenarios []*scenario
	claims    []features.Claim
	problems  []string
}

// takeCensus reads all features. An error means that they cannot be read at all; what is merely wrong is a problem,
// which fails every run and the unit test.
func takeCensus(files fs.FS, claims []features.Claim) (*census, error) {
	c := &census{claims: claims}
	known := make(map[string]features.Claim, len(claims))
	for _, claim := range claims {
		known[claim.ID] = claim
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".feature" {
			return err
		}
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read feature %s: %w", name, err)
		}
		return c.addFeature(name, source, known)
	})
	if err != nil {
		return nil, err
	}
	c.checkIdentities()
	c.checkClaims()
	return c, nil
}

func (c *census) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// parse reads a feature with the parser that godog uses, and expands its outlines as godog does.
func parse(name string, source []byte) (*messages.GherkinDocument, []*messages.Pickle, error) {
	newID := (&messages.Incrementing{}).NewId
	document, err := gherkin.ParseGherkinDocumentForLanguage(bytes.NewReader(source), gherkin.DefaultDialect, newID)
	if err != nil {
		return nil, nil, fmt.Errorf("parse feature %s: %w", name, err)
	}
	document.Uri = name
	return document, gherkin.Pickles(*document, name, newID), nil
}

// place is where a scenario stands in its feature.
type place struct {
	rule     *messages.Rule
	scenario *messages.Scenario
	row      *messages.TableRow
}

// places finds the scenarios and example rows of a feature by the ids that pickles refer to.
func places(feature *messages.Feature) map[string]place {
	found := map[string]place{}
	add := func(rule *messages.Rule, sc *messages.Scenario) {
		found[sc.Id] = place{rule: rule, scenario: sc}
		for _, examples := range sc.Examples {
			for _, row := range examples.TableBody {
				found[row.Id] = place{rule: rule, scenario: sc, row: row}
			}
		}
	}
	for _, child := range feature.Children {
		if child.Scenario != nil {
			add(nil, child.Scenario)
		}
		if child.Rule != nil {
			for _, inner := range child.Rule.Children {
				if inner.Scenario != nil {
					add(child.Rule, inner.Scenario)
				}
			}
		}
	}
	return found
}

func (c *census) addFeature(name string, source []byte, known map[string]features.Claim) error {
	document, pickles, err := parse(name, source)
	if err != nil {
		return err
	}
	if document.Feature == nil || len(pickles) == 0 {
		c.problem("%s has no scenario", name)
		return nil
	}
	found := places(document.Feature)
	seen := map[string]bool{}
	for _, pickle := range pickles {
		at := found[pickle.AstNodeIds[len(pickle.AstNodeIds)-1]]
		seen[at.scenario.Id] = true
		s := &scenario{
			chapter: strings.Split(name, "/")[0],
			file:    name,
			line:    at.scenario.Location.Line,
			outline: at.scenario.Location.Line,
			feature: document.Feature.Name,
			name:    pickle.Name,
		}
		if at.rule != nil {
			s.rule = at.rule.Name
		}
		if at.row != nil {
			s.line = at.row.Location.Line
		}
		for _, step := range pickle.Steps {
			s.steps = append(s.steps, step.Text)
		}
		if len(s.steps) == 0 {
			c.problem("%s:%d: the scenario %q has no steps", name, s.line, s.name)
		}
		c.addTags(s, pickle.Tags, known)
		s.id = identity(s, at)
		s.source = reduce(source, document.Feature, at)
		c.scenarios = append(c.scenarios, s)
	}
	for id, at := range found {
		if at.row == nil && !seen[id] {
			c.problem("%s:%d: the outline %q has no examples", name, at.scenario.Location.Line, at.scenario.Name)
		}
	}
	return nil
}

// addTags sorts a scenario's tags, its own and those that it inherits, into what they mean.
func (c *census) addTags(s *scenario, tags []*messages.PickleTag, known map[string]features.Claim) {
	var should, historic bool
	for _, tag := range tags {
		name := strings.TrimPrefix(tag.Name, "@")
		switch {
		case name == "serial":
			s.serial = true
		case name == "slow":
			s.slow = true
		case name == "long":
			s.long = true
		case name == "should":
			should = true
		case name == "historic":
			historic = true
		case slices.Contains(Profiles, name):
			if !slices.Contains(s.profiles, name) {
				s.profiles = append(s.profiles, name)
			}
		case known[name].ID != "":
			if !slices.Contains(s.claims, name) {
				s.claims = append(s.claims, name)
			}
		default:
			c.problem("%s:%d: nobody knows the tag @%s", s.file, s.line, name)
		}
	}
	if len(s.claims) == 0 {
		c.problem("%s:%d: the scenario %q names no claim", s.file, s.line, s.name)
	}
	s.level = level(s.claims, known, should, historic)
	if len(s.profiles) == 0 {
		for _, id := range s.claims {
			for _, profile := range known[id].Profiles {
				if !slices.Contains(s.profiles, profile) {
					s.profiles = append(s.profiles, profile)
				}
			}
		}
	}
}

// level is the scenario's own where a tag gives it, else the strictest among its claims'.
func level(claims []string, known map[string]features.Claim, should, historic bool) features.Level {
	switch {
	case historic:
		return features.Historic
	case should:
		return features.Should
	}
	strictest := features.Historic
	for _, id := range claims {
		switch known[id].Level {
		case features.Must:
			return features.Must
		case features.Should:
			strictest = features.Should
		}
	}
	if len(claims) == 0 {
		return features.Must
	}
	return strictest
}

func (c *census) checkIdentities() {
	first := map[string]*scenario{}
	for _, s := range c.scenarios {
		if other := first[s.id]; other != nil {
			c.problem("%s:%d and %s:%d have the same id %s: give one of them another name", other.file, other.line, s.file, s.line, s.id)
			continue
		}
		first[s.id] = s
	}
}

// profiles lists, for each profile, its scenarios, and its binding claims that have none.
func (c *census) profiles() []reports.Profile {
	list := make([]reports.Profile, 0, len(Profiles))
	for _, name := range Profiles {
		profile := reports.Profile{Name: name, Missed: []string{}, Pending: []string{}, Scenarios: []string{}}
		for _, s := range c.scenarios {
			if s.matchesProfile(name) && (name == loadBalancer || !s.matchesProfile(loadBalancer)) {
				profile.Scenarios = append(profile.Scenarios, s.id)
			}
		}
		for _, claim := range c.claims {
			if claim.Pending && claim.Level == features.Must && slices.Contains(claim.Profiles, name) {
				profile.Pending = append(profile.Pending, claim.ID)
			}
		}
		list = append(list, profile)
	}
	return list
}

// checkClaims wants scenarios for each claim, and none for those marked as pending.
func (c *census) checkClaims() {
	counts := map[string]int{}
	for _, s := range c.scenarios {
		for _, id := range s.claims {
			counts[id]++
		}
	}
	for _, claim := range c.claims {
		switch n := counts[claim.ID]; {
		case n == 0 && !claim.Pending:
			c.problem("the claim %s has no scenario and is not marked pending", claim.ID)
		case n > 0 && claim.Pending:
			c.problem("the claim %s is marked pending, and has scenarios", claim.ID)
		}
	}
}
