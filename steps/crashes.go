package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Sentences about what survives when a part of the orchestrator is killed. They look into the nodes of a cluster that the
// run owns, so that their scenarios are of the profile `implementation`.

func crashSentences(sc vocabulary) {
	sc.Step(`^a cluster of its own with (\d+) nodes?$`, ownNodes)
	sc.Step(`^the (server|agent|runtime|proxy) of the (first|last) node is killed$`, processKilled)
	sc.Step(`^the API server answers again$`, answersAgain)
	sc.Step(`^ReplicaSet "([^"]*)" has come to have at least (\d+) Pods$`, atLeastPods)
	sc.Step(`^the containers of ReplicaSet "([^"]*)" are remembered$`, containersRemembered)
	sc.Step(`^the remembered containers still run, none restarted$`, containersStillRun)
	sc.Step(`^the nodes run exactly (\d+) processes "([^"]*)"$`, nodesRun)
}

func ownNodes(ctx context.Context, nodes int) error {
	return startOwn(ctx, ClusterSpec{Nodes: nodes})
}

// machine is the scenario's cluster as machines.
func machine(ctx context.Context) (*scenario, Machine, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	m, ok := s.cluster.(Machine)
	if !ok || len(m.Nodes()) == 0 {
		return nil, nil, &Unsupported{Why: "the scenario looks into nodes, and this target does not open them"}
	}
	return s, m, nil
}

// process is a process of a node.
type process struct{ id, parent string }

// processes lists a node's processes whose command line begins with the words given.
func processes(ctx context.Context, m Machine, node, words string) ([]process, error) {
	stdout, stderr, exit, err := m.Exec(ctx, node, "busybox", "ps", "-o", "pid,ppid,args")
	if err != nil {
		return nil, fmt.Errorf("list the processes of %s: %w", node, err)
	}
	if exit != 0 {
		return nil, fmt.Errorf("list the processes of %s: exit %d: %s", node, exit, stderr)
	}
	var found []process
	for line := range strings.Lines(stdout) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		parent, command, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if command = strings.TrimSpace(command); command == words || strings.HasPrefix(command, words+" ") {
			found = append(found, process{id: id, parent: parent})
		}
	}
	return found, nil
}

// withoutChildren leaves out processes whose parent is in the list: what a process has forked bears its command line
// until it runs a program of its own.
func withoutChildren(all []process) []process {
	return slices.DeleteFunc(slices.Clone(all), func(child process) bool {
		return slices.ContainsFunc(all, func(p process) bool { return p.id == child.parent })
	})
}

func processKilled(ctx context.Context, part, which string) error {
	s, m, err := machine(ctx)
	if err != nil {
		return err
	}
	words := m.Process(part)
	if words == "" {
		return &Unsupported{Why: fmt.Sprintf("the target does not tell which process is the %s", part)}
	}
	node := m.Nodes()[0]
	if which == "last" {
		node = m.Nodes()[len(m.Nodes())-1]
	}
	found, err := processes(ctx, m, node, words)
	if err != nil {
		return err
	}
	found = withoutChildren(found)
	if len(found) != 1 {
		return fmt.Errorf("node %s runs %d processes %q, and one was to be killed", node, len(found), words)
	}
	_, stderr, exit, err := m.Exec(ctx, node, "busybox", "kill", "-KILL", found[0].id)
	if err != nil {
		return fmt.Errorf("kill %s on %s: %w", words, node, err)
	}
	if exit != 0 {
		return fmt.Errorf("kill %s on %s: exit %d: %s", words, node, exit, stderr)
	}
	s.observe("node "+node, "killed "+words)
	return nil
}

// readyPause is between two looks at an API server that is coming back.
const readyPause = 100 * time.Millisecond

func answersAgain(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	ticker := time.NewTicker(readyPause)
	defer ticker.Stop()
	for {
		_, err := s.typed.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err == nil {
			s.observe("API server", fmt.Sprintf("answers after %.2f s", time.Since(begun).Seconds()))
			return nil
		}
		if waited := time.Since(begun); waited > boundCluster.within(ctx) {
			return &Failure{What: "the API server", Expected: "it answers /readyz again", Seen: err.Error(), Waited: waited, At: time.Now()}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func atLeastPods(ctx context.Context, set string, least int) error {
	return awaitPods(ctx, fmt.Sprintf("the Pods of ReplicaSet %q", set), fmt.Sprintf("at least %d", least), boundPodStart.within(ctx), false, metav1.ListOptions{},
		func(found objects) (bool, string, error) {
			pods := podsOf(found, set)
			return len(pods) >= least, fmt.Sprintf("%d: %s", len(pods), among(pods)), nil
		})
}

// containers tells the running container of each of the Pods, with its restarts.
func (s *scenario) containers(ctx context.Context, pods []string) ([]string, error) {
	var out []string
	for _, name := range pods {
		pod, err := s.mustGet(ctx, "Pod", name)
		if err != nil {
			return nil, err
		}
		id, _, err := valueOf(pod, "status.containerStatuses[0].containerID")
		if err != nil {
			return nil, err
		}
		restarts, _, err := valueOf(pod, "status.containerStatuses[0].restartCount")
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%s in %s with %s restarts", name, id, restarts))
	}
	return out, nil
}

func containersRemembered(ctx context.Context, set string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if s.pods, err = s.currentPods(ctx, set); err != nil {
		return err
	}
	s.held, err = s.containers(ctx, s.pods)
	return err
}

func containersStillRun(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	now, err := s.containers(ctx, s.pods)
	if err != nil {
		return err
	}
	if !slices.Equal(s.held, now) {
		return failed("the containers that ran before", strings.Join(s.held, "\n"), strings.Join(now, "\n"))
	}
	return nil
}

// nodesRun counts processes on all nodes, so that a container that runs twice is seen.
func nodesRun(ctx context.Context, count int, words string) error {
	_, m, err := machine(ctx)
	if err != nil {
		return err
	}
	var seen []string
	total := 0
	for _, node := range m.Nodes() {
		found, err := processes(ctx, m, node, words)
		if err != nil {
			return err
		}
		total += len(found)
		seen = append(seen, fmt.Sprintf("%d on %s", len(found), node))
	}
	if total != count {
		return failed(fmt.Sprintf("the processes %q of all nodes", words), fmt.Sprintf("%d", count), strings.Join(seen, ", "))
	}
	return nil
}
