package steps

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cucumber/godog"
)

// The truth table of selectors: all ways to have some labels, all selectors of a form about them, and what each of these means. It
// is written down here from Kubernetes' documentation of labels, so that nothing that is judged by it can have part in it.

// The forms of a requirement, as the features write them.
const (
	formEqual    = "key=value"
	formEquals   = "key==value"
	formNotEqual = "key!=value"
	formIn       = "key in (values)"
	formNotIn    = "key notin (values)"
	formExists   = "key"
	formNot      = "!key"
)

func forms() []string {
	return []string{formEqual, formEquals, formNotEqual, formIn, formNotIn, formExists, formNot}
}

// nobodys is a value that no object of the table has.
const nobodys = "nobodys"

// state is what one label of an object is: absent, or a value, which may be empty.
type state struct {
	there bool
	value string
}

func (s state) String() string {
	switch {
	case !s.there:
		return "absent"
	case s.value == "":
		return "empty"
	}
	return s.value
}

// way is one way to have the table's labels. Its name is that of the objects that have them so.
type way struct {
	name   string
	labels map[string]string
}

func (w way) String() string {
	var written []string
	for _, key := range slices.Sorted(maps.Keys(w.labels)) {
		written = append(written, fmt.Sprintf("%s=%q", key, w.labels[key]))
	}
	return fmt.Sprintf("%s (labels: %s)", w.name, among(written))
}

// table is the labels of a truth table, and which states each may be in.
type table struct {
	keys   []string
	states map[string][]state
}

func readTable(written *godog.Table) (*table, error) {
	t := &table{states: map[string][]state{}}
	for _, row := range written.Rows {
		if len(row.Cells) != 2 {
			return nil, fmt.Errorf("a row of the table has a label and its states, not %d cells", len(row.Cells))
		}
		key := row.Cells[0].Value
		t.keys = append(t.keys, key)
		for _, name := range names(row.Cells[1].Value) {
			switch name {
			case "absent":
				t.states[key] = append(t.states[key], state{})
			case "empty":
				t.states[key] = append(t.states[key], state{there: true})
			default:
				t.states[key] = append(t.states[key], state{there: true, value: name})
			}
		}
	}
	return t, nil
}

// ways are all combinations of the labels' states.
func (t *table) ways() []way {
	all := []way{{labels: map[string]string{}}}
	for _, key := range t.keys {
		var longer []way
		for _, begun := range all {
			for _, is := range t.states[key] {
				labels := maps.Clone(begun.labels)
				if is.there {
					labels[key] = is.value
				}
				longer = append(longer, way{strings.TrimPrefix(begun.name+"-"+is.String(), "-"), labels})
			}
		}
		all = longer
	}
	return all
}

// values are those of a label, and one that no object has.
func (t *table) values(key string) []string {
	var values []string
	for _, is := range t.states[key] {
		if is.there {
			values = append(values, is.value)
		}
	}
	return append(values, nobodys)
}

// requirement is one condition on one label.
type requirement struct {
	key, form string
	values    []string
}

func (r requirement) String() string {
	switch r.form {
	case formEqual:
		return r.key + "=" + r.values[0]
	case formEquals:
		return r.key + "==" + r.values[0]
	case formNotEqual:
		return r.key + "!=" + r.values[0]
	case formIn:
		return r.key + " in (" + strings.Join(r.values, ",") + ")"
	case formNotIn:
		return r.key + " notin (" + strings.Join(r.values, ",") + ")"
	case formExists:
		return r.key
	}
	return "!" + r.key
}

// means says whether the requirement holds for labels.
func (r requirement) means(labels map[string]string) bool {
	value, there := labels[r.key]
	listed := there && slices.Contains(r.values, value)
	switch r.form {
	case formEqual, formEquals, formIn:
		return listed
	case formNotEqual, formNotIn:
		return !listed
	case formExists:
		return there
	}
	return !there
}

// selection is a selector: the requirements that hold together.
type selection []requirement

func (s selection) String() string {
	var written []string
	for _, r := range s {
		written = append(written, r.String())
	}
	return strings.Join(written, ",")
}

func (s selection) means(labels map[string]string) bool {
	return !slices.ContainsFunc(s, func(r requirement) bool { return !r.means(labels) })
}

// of are all selectors of one form: with each value, or with each set of one and of two values.
func (t *table) of(form string) []selection {
	var all []selection
	for _, key := range t.keys {
		values := t.values(key)
		add := func(values ...string) { all = append(all, selection{{key, form, values}}) }
		switch form {
		case formExists, formNot:
			add()
		default:
			for i, one := range values {
				add(one)
				if form != formIn && form != formNotIn {
					continue
				}
				for _, other := range values[i+1:] {
					add(one, other)
				}
			}
		}
	}
	return all
}

// some are requirements of each form about a label: with an empty value, and with another.
func (t *table) some(key string, forms ...string) []requirement {
	values := slices.DeleteFunc(t.values(key), func(value string) bool { return value == "" })
	var all []requirement
	for _, form := range forms {
		switch form {
		case formExists, formNot:
			all = append(all, requirement{key, form, nil})
		case formIn, formNotIn:
			all = append(all, requirement{key, form, values[:2]}, requirement{key, form, []string{"", values[0]}})
		default:
			all = append(all, requirement{key, form, values[:1]}, requirement{key, form, []string{""}})
		}
	}
	return all
}

// pairs are selectors of any two requirements, also about the same label.
func (t *table) pairs() []selection {
	var single []requirement
	for _, key := range t.keys {
		single = append(single, t.some(key, formEqual, formNotEqual, formIn, formNotIn, formExists, formNot)...)
	}
	var all []selection
	for i, one := range single {
		for _, other := range single[i+1:] {
			all = append(all, selection{one, other})
		}
	}
	return all
}

// chosenWrongly begins what mistakes says of a way that is not meant.
const chosenWrongly = "chosen wrongly: "

// mistakes says of which ways a choice is wrong, and how; nothing if it is right.
func (s selection) mistakes(ways []way, chosen func(way) bool) []string {
	var wrong []string
	for _, w := range ways {
		switch means, is := s.means(w.labels), chosen(w); {
		case is && !means:
			wrong = append(wrong, chosenWrongly+w.String())
		case !is && means:
			wrong = append(wrong, "missed: "+w.String())
		}
	}
	return wrong
}

// route goes from each of n places to each other exactly once, and ends where it begins.
func route(n int) []int {
	var visits []int
	for from := range n - 1 {
		for to := from + 1; to < n; to++ {
			visits = append(visits, from, to)
		}
	}
	return append(visits, 0)
}
