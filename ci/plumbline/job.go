package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/template"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/fixtures"
	"github.com/plumbline/plumbline/steps"
)

//go:embed job.yaml.tmpl
var manifest string

// jobbing is what the manifest is made of.
type jobbing struct {
	Image string
	Rules []rule // none: it may do everything
	Args  []string
	Known string // the list of known failures, or nothing
	Pod   bool   // a Pod alone
}

// Where is what kubectl asks for logs.
func (j jobbing) Where() string {
	if j.Pod {
		return "pod/plumbline"
	}
	return "job/plumbline"
}

// rule is one of a ClusterRole.
type rule struct {
	group     string
	resources []string
	verbs     []string
}

// knownPath is where the Job finds the list of known failures.
const knownPath = "/known/known.yaml"

// job writes the manifest of a Job that judges the cluster it runs in, with the flags that the run shall have.
func job(args []string, w io.Writer) int {
	var options plumbline.Options
	flags := flag.NewFlagSet("plumbline job", flag.ContinueOnError)
	options.Flags(flags)
	runner := flags.String("runner-image", fixtures.RunnerRepository+":"+plumbline.Version, "the `name` under which nodes find the runner's image")
	least := flags.Bool("least", false, "grant no more than what scenarios do; those that need the right to everything are then left out")
	pod := flags.Bool("pod", false, "write a Pod instead, for a cluster that has no Jobs")
	kept := flags.Duration("hold", 0, "after the run, keep its reports for the command reports, executed in the Job's Pod, for at most this `time`; an hour by default")
	if code, ok := parse(flags, args); !ok {
		return code
	}
	if *kept < 0 {
		return complain(badUsage, fmt.Errorf("-hold=%s: a time cannot be negative", *kept))
	}
	j := jobbing{Image: *runner, Pod: *pod, Args: []string{"-target=kubeconfig", "-out=/out"}}
	hold := "1h0m0s"
	if *least {
		j.Rules = rules(slices.Concat(steps.Rights(true), steps.Wishes()))
	}
	var wrong error
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "target", "image", "kubeconfig", "context", "nodes", "kubectl", "out", "make":
			wrong = errors.Join(wrong, fmt.Errorf("-%s=%s: a Job judges the cluster that it runs in, by what its image holds", f.Name, f.Value))
		case "runner-image", "pod", "least":
		case "hold":
			hold = f.Value.String()
		case "expected-failures":
			if options.Expected != "" {
				j.Args = append(j.Args, "-expected-failures="+knownPath)
			}
		default:
			j.Args = append(j.Args, "-"+f.Name+"="+f.Value.String())
		}
	})
	if wrong != nil {
		return complain(badUsage, wrong)
	}
	j.Args = append(j.Args, "-hold="+hold)
	if options.Expected != "" {
		known, err := os.ReadFile(options.Expected)
		if err != nil {
			return complain(badUsage, fmt.Errorf("-expected-failures: %w", err))
		}
		j.Known = string(known)
		if strings.TrimSpace(j.Known) == "" {
			j.Known = "# nothing is known to fail\n" // an empty file would not stand in the manifest
		}
	}
	if err := j.write(w); err != nil {
		return complain(failed, fmt.Errorf("write the manifest: %w", err))
	}
	return conformant
}

func (j jobbing) write(w io.Writer) error {
	text := template.New("job.yaml")
	text.Funcs(template.FuncMap{
		"quote":  func(s string) string { return fmt.Sprintf("%q", s) }, // YAML takes JSON's strings
		"indent": indented,
		// The Pod's specification stands at another depth in a Job.
		"spec": func(j jobbing, depth int) (string, error) {
			var spec strings.Builder
			err := text.ExecuteTemplate(&spec, "spec", j)
			return indented(depth, spec.String()), err
		},
	})
	if _, err := text.Parse(manifest); err != nil {
		return err
	}
	return text.Execute(w, j)
}

// rules gather rights: resources of a group with the same verbs stand together.
func rules(rights []steps.Right) []rule {
	type place struct{ group, resource string }
	var order []place
	verbs := map[place][]string{}
	for _, right := range rights {
		at := place{right.Group, right.Resource}
		if right.Subresource != "" {
			at.resource += "/" + right.Subresource
		}
		if verbs[at] == nil {
			order = append(order, at)
		}
		if !slices.Contains(verbs[at], right.Verb) {
			verbs[at] = append(verbs[at], right.Verb)
		}
	}
	var gathered []rule
next:
	for _, at := range order {
		for i := range gathered {
			if gathered[i].group == at.group && slices.Equal(gathered[i].verbs, verbs[at]) {
				gathered[i].resources = append(gathered[i].resources, at.resource)
				continue next
			}
		}
		gathered = append(gathered, rule{at.group, []string{at.resource}, verbs[at]})
	}
	return gathered
}

// String is the rule as YAML.
func (r rule) String() string {
	return fmt.Sprintf("{apiGroups: [%q], resources: [%s], verbs: [%s]}", r.group, strings.Join(r.resources, ", "), strings.Join(r.verbs, ", "))
}

// indented moves a text to the right.
func indented(depth int, text string) string {
	margin := strings.Repeat(" ", depth)
	return margin + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+margin)
}
