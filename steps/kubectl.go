package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/console"
	"github.com/cucumber/godog"
)

// Sentences about the real kubectl, run as a program in a folder of the scenario's own.

func kubectlSentences(sc vocabulary) {
	sc.Step(`^the file "([^"]*)":$`, fileWritten)
	sc.Step(`^kubectl runs "([^"]*)"$`, kubectlRuns)
	sc.Step(`^kubectl runs with this input "([^"]*)":$`, kubectlRunsWithInput)
	sc.Step(`^kubectl runs "([^"]*)" with the editor "([^"]*)"$`, kubectlEdits)
	sc.Step(`^kubectl runs "([^"]*)" in a terminal$`, kubectlInTerminal)
	sc.Step(`^kubectl runs "([^"]*)" in a terminal that has (\d+) rows and (\d+) columns once it prints "(.*)"$`, kubectlInGrowingTerminal)
	sc.Step(`^it prints these lines:$`, printsLines)
	sc.Step(`^its output matches "(.*)"$`, outputMatches)
	sc.Step(`^it prints the columns "([^"]*)"$`, printsColumns)
}

// folder is where the scenario's files for kubectl are.
func (s *scenario) folder() (string, error) {
	if s.directory != "" {
		return s.directory, nil
	}
	// Beside the kubeconfig, so that it goes with the run, however the run ends.
	directory, err := os.MkdirTemp(filepath.Dir(s.cluster.Kubeconfig()), "scenario-")
	if err != nil {
		return "", fmt.Errorf("make a folder for kubectl: %w", err)
	}
	s.directory = directory
	return directory, nil
}

func fileWritten(ctx context.Context, name string, content *godog.DocString) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	directory, err := s.folder()
	if err != nil {
		return err
	}
	text, err := s.expand(content.Content)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(directory, filepath.Base(name)), []byte(text+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the scenario's file: %w", err)
	}
	return nil
}

func kubectlRuns(ctx context.Context, arguments string) error {
	return kubectl(ctx, arguments, "")
}

func kubectlRunsWithInput(ctx context.Context, arguments string, input *godog.DocString) error {
	text, err := expanded(ctx, input.Content)
	if err != nil {
		return err
	}
	return kubectl(ctx, arguments, text)
}

// kubectlCommand prepares the program in the scenario's folder and namespace. Its caches live in the folder, so that
// nothing of the user's is read or written.
func (s *scenario) kubectlCommand(ctx context.Context, arguments string) (*exec.Cmd, error) {
	directory, err := s.folder()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, s.cluster.Kubectl(), append([]string{"--namespace", s.namespace}, words(arguments)...)...)
	command.Dir = directory
	command.Env = append(plainEnvironment(), "KUBECONFIG="+s.cluster.Kubeconfig(), "HOME="+directory,
		"KUBECACHEDIR="+filepath.Join(directory, "cache"), "KUBERC=off", "TERM=dumb")
	command.WaitDelay = time.Second
	return command, nil
}

// plainEnvironment is what a program needs of the user's environment to run at all. The rest could change what it prints.
func plainEnvironment() []string {
	out := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// kubectl runs the program to its end.
func kubectl(ctx context.Context, arguments, input string, environment ...string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.runKubectl(ctx, boundProgram, &outcome{asked: "kubectl " + arguments}, arguments, strings.NewReader(input), &bytes.Buffer{}, &bytes.Buffer{}, environment...)
}

// captured is what becomes of a program's output.
type captured interface {
	io.Writer
	fmt.Stringer
}

// runKubectl runs the program to its end, and makes that the one to judge.
func (s *scenario) runKubectl(ctx context.Context, patience bound, o *outcome, arguments string, input io.Reader, stdout, stderr captured, environment ...string) error {
	limited, cancel := context.WithTimeout(ctx, patience.within(ctx))
	defer cancel()
	command, err := s.kubectlCommand(limited, arguments)
	if err != nil {
		return err
	}
	command.Env = append(command.Env, environment...)
	command.Stdin, command.Stdout, command.Stderr = input, stdout, stderr
	err = command.Run()
	o.stdout, o.stderr = stdout.String(), stderr.String()
	return s.kubectlEnded(ctx, limited, patience, o, command, err)
}

// kubectlEnded makes a program's end the one to judge, unless it did not end by itself within its time.
func (s *scenario) kubectlEnded(ctx, limited context.Context, patience bound, o *outcome, command *exec.Cmd, err error) error {
	var ended *exec.ExitError
	switch {
	case limited.Err() != nil && ctx.Err() == nil:
		return &Failure{What: o.asked, Expected: "it ends", Seen: "it went on: " + o.String(), Waited: patience.within(ctx), At: time.Now()}
	case err != nil && !errors.As(err, &ended):
		return fmt.Errorf("run kubectl: %w", err)
	}
	o.exit = command.ProcessState.ExitCode()
	s.observe(o.asked, o.String())
	s.command = o
	return nil
}

// kubectlEdits has kubectl start an editor, which this machine has to have: its absence is nobody's answer.
func kubectlEdits(ctx context.Context, arguments, editor string) error {
	program, _, _ := strings.Cut(editor, " ")
	if _, err := exec.LookPath(program); err != nil {
		return &Unsupported{Why: "kubectl cannot edit without a program " + program + ", which is not to be found here: " + err.Error()}
	}
	return kubectl(ctx, arguments, "", "KUBE_EDITOR="+editor)
}

// kubectlInTerminal runs the program with a terminal of its own, as a person does.
func kubectlInTerminal(ctx context.Context, arguments string) error {
	return kubectlOnTerminal(ctx, arguments, nil)
}

// kubectlInGrowingTerminal gives the terminal another size once the program has printed a text.
func kubectlInGrowingTerminal(ctx context.Context, arguments string, rows, columns int, text string) error {
	grown := false
	return kubectlOnTerminal(ctx, arguments, func(terminal console.Console, shown string) error {
		if grown || !strings.Contains(shown, text) {
			return nil
		}
		grown = true
		return terminal.Resize(console.WinSize{Height: uint16(rows), Width: uint16(columns)})
	})
}

// kubectlOnTerminal runs the program on a terminal of 33 rows and 111 columns. look is told what it shows, each time there is more.
func kubectlOnTerminal(ctx context.Context, arguments string, look func(terminal console.Console, shown string) error) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, boundProgram.within(ctx))
	defer cancel()
	command, err := s.kubectlCommand(limited, arguments)
	if err != nil {
		return err
	}
	terminal, path, err := console.NewPty()
	if err != nil {
		return fmt.Errorf("make a terminal: %w", err)
	}
	defer terminal.Close()
	if err := terminal.Resize(console.WinSize{Height: 33, Width: 111}); err != nil {
		return fmt.Errorf("set the terminal's size: %w", err)
	}
	side, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("open the terminal: %w", err)
	}
	command.Stdin, command.Stdout, command.Stderr = side, side, side
	// The kernel tells of a new size those whose own terminal it is.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	var shown bytes.Buffer
	read := make(chan error, 1)
	err = command.Start()
	side.Close()
	if err != nil {
		return fmt.Errorf("start kubectl: %w", err)
	}
	go func() { read <- readTerminal(terminal, &shown, look) }()
	err = command.Wait()
	if err := <-read; err != nil {
		return fmt.Errorf("resize the terminal: %w", err)
	}
	return s.kubectlEnded(ctx, limited, boundProgram, &outcome{asked: "kubectl " + arguments, stdout: strings.ReplaceAll(shown.String(), "\r\n", "\n")}, command, err)
}

// readTerminal ends when the program's side is closed, which a terminal tells by an error. Its own error is that of look.
func readTerminal(terminal console.Console, shown *bytes.Buffer, look func(console.Console, string) error) error {
	buffer := make([]byte, 4096)
	var failed error
	for {
		n, err := terminal.Read(buffer)
		shown.Write(buffer[:n])
		if look != nil && failed == nil {
			failed = look(terminal, shown.String())
		}
		if err != nil {
			return failed
		}
	}
}

// printsLines wants stdout to be these lines and no others.
func printsLines(ctx context.Context, lines *godog.DocString) error {
	text, err := expanded(ctx, lines.Content)
	if err != nil {
		return err
	}
	return judgeOutput(ctx, text, "stdout is\n%s", func(o *outcome, text string) bool {
		return trimmedLines(o.stdout) == trimmedLines(text)
	})
}

// trimmedLines drops blanks at the ends of lines and of the text.
func trimmedLines(text string) string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		out = append(out, strings.TrimRight(line, " \t"))
	}
	return strings.Join(out, "\n")
}

func outputMatches(ctx context.Context, pattern string) error {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("the sentence's pattern: %w", err)
	}
	return judgeOutput(ctx, pattern, "stdout matches %s", func(o *outcome, _ string) bool { return expression.MatchString(o.stdout) })
}

// printsColumns wants the head of a table; columns are parted by two blanks or more, as kubectl parts them.
func printsColumns(ctx context.Context, columns string) error {
	return judgeOutput(ctx, columns, "a table with the columns %s", func(o *outcome, columns string) bool {
		head, _, _ := strings.Cut(o.stdout, "\n")
		found := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(head), -1)
		return strings.Join(found, ", ") == columns
	})
}
