package ci

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// action is what action/action.yml says, as far as it is tried here.
type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Name, If, Uses, Shell, Run string
			Env, With                      map[string]string
		}
	}
}

func readAction(t *testing.T) action {
	t.Helper()
	file, err := os.Open("action/action.yml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var a action
	raw := yaml.NewDecoder(file)
	if err := raw.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

var expression = regexp.MustCompile(`\$\{\{ *([\w.-]+) *\}\}`)

// actionRun is how a CI service runs the action's steps.
type actionRun struct {
	inputs  map[string]string
	outputs map[string]map[string]string // by step
	summary string
	log     string
	code    int // of the step that failed
}

// perform runs the shell steps of the action as a runner does. It knows only what they use: inputs, outputs of steps,
// and the files that stand for outputs and summary.
func perform(t *testing.T, a action, inputs map[string]string, folder string) actionRun {
	t.Helper()
	r := actionRun{inputs: map[string]string{}, outputs: map[string]map[string]string{}}
	for name, input := range a.Inputs {
		r.inputs[name] = input.Default
	}
	maps.Copy(r.inputs, inputs)
	resolve := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(found string) string {
			words := strings.Split(expression.FindStringSubmatch(found)[1], ".")
			switch {
			case len(words) == 2 && words[0] == "inputs":
				return r.inputs[words[1]]
			case len(words) == 4 && words[0] == "steps" && words[2] == "outputs":
				return r.outputs[words[1]][words[3]]
			}
			t.Errorf("the runner of this test does not know %s", found)
			return ""
		})
	}
	path, err := filepath.Abs("action")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range a.Runs.Steps {
		if step.Run == "" {
			continue
		}
		if step.Shell != "bash" {
			t.Errorf("the step %q has the shell %q", step.Name, step.Shell)
		}
		output, summary := filepath.Join(t.TempDir(), "output"), filepath.Join(t.TempDir(), "summary")
		command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", resolve(step.Run))
		command.Dir = folder
		command.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+path, "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary)
		for name, value := range step.Env {
			command.Env = append(command.Env, name+"="+resolve(value))
		}
		said, err := command.CombinedOutput()
		r.log += string(said)
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		r.outputs[step.ID] = map[string]string{}
		for line := range strings.Lines(readIfThere(t, output)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			r.outputs[step.ID][name] = value
		}
		r.summary += readIfThere(t, summary)
		if err != nil {
			r.code = exit.ExitCode()
			return r
		}
	}
	return r
}

func readIfThere(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// runnerFor writes a program that notes its arguments, leaves reports and ends with a code, as the runner does.
func runnerFor(t *testing.T, script string) (program, noted string) {
	t.Helper()
	folder := t.TempDir()
	program, noted = filepath.Join(folder, "plumbline"), filepath.Join(folder, "arguments")
	text := "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + noted + "\n" + script
	if err := os.WriteFile(program, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, noted
}

const leavesReports = "mkdir -p 'the reports'; echo '# Summary' >'the reports/summary.md'; echo '{}' >'the reports/report.json'\n"

func TestAction(t *testing.T) {
	a := readAction(t)
	for name, c := range map[string]struct {
		inputs  map[string]string
		script  string
		args    string // of the runner, a line each; none: it does not run
		code    int
		passed  string
		summary string
		log     string
	}{
		"a cluster that conforms": {map[string]string{"kubeconfig": "a b"}, leavesReports, "-out=the reports\n-target=kubeconfig\n-kubeconfig=a b\n", 0, "true", "# Summary\n", ""},
		"one that does not":       {nil, leavesReports + "exit 1\n", "-out=the reports\n-target=kubeconfig\n", 1, "false", "# Summary\n", "::error::the cluster does not conform"},
		"all inputs": {map[string]string{
			"kubeconfig": "k", "context": "c", "workload-image": "w", "profiles": "api,network", "claims": "d", "scenarios": "s", "slow": "true", "expected-failures": "e",
		}, leavesReports, "-out=the reports\n-target=kubeconfig\n-kubeconfig=k\n-context=c\n-workload-image=w\n-profile=api,network\n-claim=d\n-scenario=s\n-expected-failures=e\n-slow\n", 0, "true", "# Summary\n", ""},
		"an image":                {map[string]string{"image": "a:1"}, leavesReports, "-out=the reports\n-target=image\n-image=a:1\n", 0, "true", "# Summary\n", ""},
		"an image and a cluster":  {map[string]string{"image": "a:1", "context": "c"}, leavesReports, "", 2, "", "", "::error::image: "},
		"slow that is neither":    {map[string]string{"slow": "yes"}, leavesReports, "", 2, "", "", `::error::slow: "yes" is neither`},
		"a bad flag":              {map[string]string{"profiles": "none"}, "exit 2\n", "-out=the reports\n-target=kubeconfig\n-profile=none\n", 2, "", "", "::error::the run could not begin"},
		"several lines":           {map[string]string{"slow": "true\n::warning::a command"}, leavesReports, "", 2, "", "", "::error::an input of the action has several lines"},
		"an image that is loaded": {map[string]string{"load-image": "echo loading the image"}, leavesReports, "-out=the reports\n-target=kubeconfig\n", 0, "true", "# Summary\n", "loading the image /"},
		"one that cannot be":      {map[string]string{"load-image": "false"}, leavesReports, "", 1, "", "", ""},
		"shell in an input":       {map[string]string{"context": `$(touch broken-in); "'`}, leavesReports, "-out=the reports\n-target=kubeconfig\n" + `-context=$(touch broken-in); "'` + "\n", 0, "true", "# Summary\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			program, noted := runnerFor(t, c.script)
			inputs := map[string]string{"runner": program, "out": "the reports"}
			maps.Copy(inputs, c.inputs)
			folder := t.TempDir()
			r := perform(t, a, inputs, folder)
			if args := readIfThere(t, noted); args != c.args {
				t.Errorf("the runner got\n%swant\n%s", args, c.args)
			}
			if r.code != c.code || r.outputs["run"]["passed"] != c.passed || r.summary != c.summary || !strings.Contains(r.log, c.log) {
				t.Errorf("exit %d, passed %q, summary %q; it says\n%s", r.code, r.outputs["run"]["passed"], r.summary, r.log)
			}
			if c.passed != "" && r.outputs["run"]["report"] != "the reports/report.json" {
				t.Errorf("the report is at %q", r.outputs["run"]["report"])
			}
			if _, err := os.Stat(filepath.Join(folder, "broken-in")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}

// What an earlier step left is not taken for this one's verdict.
func TestActionWithOldReports(t *testing.T) {
	program, _ := runnerFor(t, "exit 2\n")
	folder := t.TempDir()
	for _, name := range []string{"report.json", "summary.md"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := perform(t, readAction(t), map[string]string{"runner": program, "out": folder}, t.TempDir())
	if r.code != 2 || r.summary != "" || r.outputs["run"]["report"] != "" {
		t.Errorf("exit %d, summary %q, outputs %v", r.code, r.summary, r.outputs["run"])
	}
}

func TestActionWithoutARunner(t *testing.T) {
	r := perform(t, readAction(t), map[string]string{"runner": "/no/such/program"}, t.TempDir())
	if r.code != 1 || !strings.Contains(r.log, "::error::runner: /no/such/program") {
		t.Errorf("exit %d; it says\n%s", r.code, r.log)
	}
}

// Every input is used, what is used is an input, and outputs are those that a step writes.
func TestActionNames(t *testing.T) {
	a := readAction(t)
	text := readIfThere(t, "action/action.yml")
	used := map[string]bool{}
	for _, found := range regexp.MustCompile(`inputs\.([\w-]+)`).FindAllStringSubmatch(text, -1) {
		used[found[1]] = true
		if _, known := a.Inputs[found[1]]; !known {
			t.Errorf("inputs.%s is used, and is no input", found[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inputs)) {
		if !used[name] || a.Inputs[name].Description == "" {
			t.Errorf("the input %s is not used, or nothing says what it is", name)
		}
	}
	judge := []byte(readIfThere(t, "action/judge.sh"))
	for name, output := range a.Outputs {
		step := expression.FindStringSubmatch(output.Value)
		if step == nil || step[1] != "steps.run.outputs."+name || !bytes.Contains(judge, []byte(`echo "`+name+`=`)) {
			t.Errorf("the output %s is %q, which no step writes", name, output.Value)
		}
	}
	for _, step := range a.Runs.Steps {
		if strings.HasPrefix(step.Uses, "actions/setup-go@") && step.With["cache"] != "false" {
			t.Errorf("the step %q keeps a cache by a go.sum that it cannot hash", step.Name)
		}
		if (step.Uses == "") == (step.Run == "") || step.Uses != "" && !regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`).MatchString(step.Uses) {
			t.Errorf("the step %q runs %q and uses %q", step.Name, step.Run, step.Uses)
		}
	}
}
