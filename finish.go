package plumbline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"golang.org/x/term"

	"github.com/plumbline/plumbline/reports"
	"github.com/plumbline/plumbline/steps"
)

// stopLimit bounds the removal of the target, and the taking of its logs. A busy cluster of somebody's takes minutes to
// finish hundreds of namespaces.
const stopLimit = 3 * time.Minute

// stop takes the logs of the target's components and removes it, or leaves it if that was asked for.
func (e *engine) stop(parent context.Context, report *reports.Report) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), stopLimit)
	defer cancel()
	complain := func(doing string, err error) {
		report.Problems = append(report.Problems, fmt.Sprintf("%s: %v", doing, err))
	}
	if e.cluster != nil {
		logs, err := e.target.logs(ctx)
		if err != nil {
			report.Notes = append(report.Notes, fmt.Sprintf("the target's logs are incomplete: %v", err))
		}
		for name, data := range logs {
			file, err := storeFile(e.options.out(), filepath.Join("evidence", "target", name+".log"), name, "text/plain", data)
			if err != nil {
				complain("store the target's logs", err)
				continue
			}
			report.Evidence = append(report.Evidence, file)
		}
		sort.Slice(report.Evidence, func(i, j int) bool { return report.Evidence[i].Name < report.Evidence[j].Name })
	}
	if target, ok := e.target.(guarded); ok {
		for _, refusal := range target.refusals() {
			report.Problems = append(report.Problems, "a scenario asked for what it must not do on somebody's cluster: "+refusal)
		}
	}
	e.journal.settle(report)
	if e.options.Keep && e.cluster != nil && !report.Verdict.Passed {
		words, err := e.target.keep(ctx)
		if err != nil {
			complain("keep the cluster", err)
		}
		e.keptWords = words
	}
	if err := e.target.stop(ctx); err != nil {
		complain("remove what the run started", err)
	}
}

// publish writes the reports.
func (e *engine) publish(report *reports.Report) error {
	report.Finished = time.Now()
	report.Wall = reports.SecondsOf(report.Finished.Sub(e.started))
	e.journal.settle(report)
	if err := report.Seal(); err != nil {
		return err
	}
	out := e.options.out()
	if err := errors.Join(report.WriteJSON(filepath.Join(out, "report.json")), report.WriteJUnit(filepath.Join(out, "junit.xml")),
		report.WriteHTML(filepath.Join(out, "report.html")), report.WriteMarkdown(filepath.Join(out, "summary.md"))); err != nil {
		return err
	}
	if !e.unbegun { // else one line has said all there is to say
		reports.Console{W: e.options.log(), Color: isTerminal(e.options.log()), Pending: !e.options.narrowed(), Folder: out}.Write(report)
	}
	e.printf("Reports: %s for a browser, %s and %s\n", filepath.Join(out, "report.html"), filepath.Join(out, "report.json"), filepath.Join(out, "junit.xml"))
	if e.keptWords != "" {
		e.printf("\n%s\n", e.keptWords)
		e.printf("\nWhat failed scenarios left is in the namespaces of: kubectl get namespaces --selector=%s=%s --output=yaml\n", steps.RunLabel, e.id)
	}
	// Go must not serve this result from its cache. It does not keep results of tests that read a file this young.
	_, err := os.ReadFile(filepath.Join(out, "report.json"))
	return err
}

// isTerminal says whether colours make sense.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}
