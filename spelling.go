package plumbline

import "strings"

// spelling is how whoever started the run writes its options: messages name what was typed.
type spelling bool

// The spellings.
const (
	asFlags     spelling = false // -claim=labels/in
	asVariables spelling = true  // CLAIM=labels/in, of make
)

func (o Options) spelling() spelling { return spelling(o.Make) }

// option writes an option with its value; one that needs no value has none.
func (s spelling) option(name, value string) string {
	if s == asVariables {
		if value == "" {
			value = "1"
		}
		return variable(name) + "=" + value
	}
	if value == "" {
		return "-" + name
	}
	return "-" + name + "=" + value
}

// everything is the command that lists all scenarios.
func (s spelling) everything() string {
	if s == asVariables {
		return "make list"
	}
	return "-list"
}

// variable is the name of make's variable for an option.
func variable(option string) string {
	if option == "expected-failures" {
		return "EXPECTED"
	}
	return strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
