package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cucumber/godog"
)

// Sentences about the iptables rules of nodes. They look into the nodes of a cluster that the run owns, so that their scenarios
// are of the profile `implementation`.

func ruleSentences(sc vocabulary) {
	sc.Step(`^somebody else's chain "([^"]*)" is among the iptables rules of every node$`, foreignChain)
	sc.Step(`^these rules of somebody else are among the iptables rules of every node:$`, foreignRules)
	sc.Step(`^the rules of somebody else are as they were on every node$`, foreignRulesStay)
	sc.Step(`^the chains that iptables rules about "([^"]*)" lead to on every node, and no others, are remembered$`, chainsRemembered)
	sc.Step(`^the remembered chains come to be gone from every node$`, chainsGone)
	sc.Step(`^the iptables rules of every node come to name "([^"]*)"$`, rulesName)
	sc.Step(`^the iptables rules of no node come to name "([^"]*)"$`, rulesDoNotName)
}

// rules are what a node's kernel holds of iptables rules, of its two machineries, of which a node may have either.
func rules(ctx context.Context, m Machine, node string) (string, error) {
	var all strings.Builder
	read := false
	var why []string
	for _, save := range []string{"iptables-legacy-save", "iptables-nft-save"} {
		stdout, stderr, exit, err := m.Exec(ctx, node, save)
		if err != nil {
			return "", fmt.Errorf("read the rules of %s: %w", node, err)
		}
		if exit != 0 {
			why = append(why, fmt.Sprintf("%s: exit %d: %s", save, exit, strings.TrimSpace(stderr)))
			continue
		}
		read = true
		all.WriteString(stdout)
	}
	if !read {
		return "", &Unsupported{Why: fmt.Sprintf("the rules of node %s cannot be read: %s", node, strings.Join(why, "; "))}
	}
	return all.String(), nil
}

func foreignChain(ctx context.Context, chain string) error {
	_, m, err := machine(ctx)
	if err != nil {
		return err
	}
	for _, node := range m.Nodes() {
		_, stderr, exit, err := m.Exec(ctx, node, "iptables", "-w", "-t", "nat", "-N", chain)
		if err != nil {
			return fmt.Errorf("make a chain on %s: %w", node, err)
		}
		if exit != 0 && !strings.Contains(stderr, "exists") {
			return &Unsupported{Why: fmt.Sprintf("a chain cannot be made on node %s: exit %d: %s", node, exit, stderr)}
		}
	}
	return nil
}

// somebodyElse marks the rules that a scenario makes, to find them again among others.
const somebodyElse = "somebody else was here"

// foreignRules writes rules as somebody else would, by each of the two families of programs that works on the node: the
// orchestrator's own rules are in one of them.
func foreignRules(ctx context.Context, table *godog.Table) error {
	s, m, err := machine(ctx)
	if err != nil {
		return err
	}
	written := restored(table)
	for _, node := range m.Nodes() {
		var why []string
		for _, program := range []string{"iptables-legacy-restore", "iptables-nft-restore"} {
			command := fmt.Sprintf("printf '%%s\n' '%s' | %s --noflush -w", written, program)
			_, stderr, exit, err := m.Exec(ctx, node, "busybox", "sh", "-c", command)
			if err != nil {
				return fmt.Errorf("write rules on %s: %w", node, err)
			}
			if exit != 0 {
				why = append(why, fmt.Sprintf("%s: exit %d: %s", program, exit, strings.TrimSpace(stderr)))
			}
		}
		if len(why) == 2 {
			return &Unsupported{Why: fmt.Sprintf("rules cannot be written on node %s: %s", node, strings.Join(why, "; "))}
		}
	}
	s.foreign, err = foreignLines(ctx, m)
	return err
}

// restored writes rules as iptables-restore reads them. A chain that is not the kernel's is made.
func restored(table *godog.Table) string {
	kernels := []string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
	var b strings.Builder
	for _, row := range table.Rows[1:] {
		name, chain, rule := row.Cells[0].Value, row.Cells[1].Value, row.Cells[2].Value
		fmt.Fprintf(&b, "*%s\n", name)
		if !slices.Contains(kernels, chain) {
			fmt.Fprintf(&b, ":%s - [0:0]\n", chain)
		}
		fmt.Fprintf(&b, "-A %s -m comment --comment \"%s\" %s\nCOMMIT\n", chain, somebodyElse, rule)
	}
	return b.String()
}

// foreignLines are the rules that somebody else wrote, by node, in their order.
func foreignLines(ctx context.Context, m Machine) (map[string]string, error) {
	found := map[string]string{}
	for _, node := range m.Nodes() {
		all, err := rules(ctx, m, node)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(all) {
			if strings.Contains(line, somebodyElse) {
				found[node] += line
			}
		}
	}
	return found, nil
}

func foreignRulesStay(ctx context.Context) error {
	s, m, err := machine(ctx)
	if err != nil {
		return err
	}
	found, err := foreignLines(ctx, m)
	if err != nil {
		return err
	}
	for _, node := range m.Nodes() {
		if found[node] != s.foreign[node] {
			return failed("the rules of somebody else on node "+node, s.foreign[node], found[node])
		}
	}
	return nil
}

// chainsRemembered finds the chains that the rules about addresses and node ports lead to, and no other rules do.
func chainsRemembered(ctx context.Context, about string) error {
	s, m, err := machine(ctx)
	if err != nil {
		return err
	}
	s.chains = map[string][]string{}
	for _, node := range m.Nodes() {
		all, err := rules(ctx, m, node)
		if err != nil {
			return err
		}
		if s.chains[node] = chainsOf(all, names(about)); len(s.chains[node]) == 0 {
			return &Unsupported{Why: fmt.Sprintf("the rules of node %s have no chains for the Service alone", node)}
		}
		s.observe("node "+node, "chains of the Service: "+among(s.chains[node]))
	}
	return nil
}

// chainsOf are the chains that rules about addresses and ports lead to, directly or through one another, and that no other rule leads to.
func chainsOf(all string, about []string) []string {
	chains, leads := map[string]bool{}, map[string][]string{} // a chain's targets
	var direct []string
	elsewhere := map[string]bool{} // targets of the other rules of chains that many share
	for line := range strings.Lines(all) {
		line = strings.TrimSpace(line)
		if name, declared := strings.CutPrefix(line, ":"); declared {
			name, _, _ = strings.Cut(name, " ")
			chains[name] = true
			continue
		}
		rule, ok := strings.CutPrefix(line, "-A ")
		if !ok {
			continue
		}
		chain, rule, _ := strings.Cut(rule, " ")
		_, target, jumps := strings.Cut(rule, "-j ")
		if !jumps {
			continue
		}
		target, _, _ = strings.Cut(target, " ")
		if slices.ContainsFunc(about, func(what string) bool {
			return strings.Contains(rule, "-d "+what+"/32 ") || strings.Contains(rule, "--dport "+what+" ")
		}) {
			direct = append(direct, target)
		} else {
			leads[chain] = append(leads[chain], target)
		}
	}
	own := map[string]bool{}
	for wave := direct; len(wave) > 0; {
		var next []string
		for _, target := range wave {
			if chains[target] && !own[target] {
				own[target] = true
				next = append(next, leads[target]...)
			}
		}
		wave = next
	}
	for chain, targets := range leads {
		if !own[chain] {
			for _, target := range targets {
				elsewhere[target] = true
			}
		}
	}
	// What others lead to is not the Service's, nor is what such a chain leads to.
	for shared := slices.Collect(maps.Keys(elsewhere)); len(shared) > 0; {
		var next []string
		for _, target := range shared {
			if own[target] {
				delete(own, target)
				next = append(next, leads[target]...)
			}
		}
		shared = next
	}
	return slices.Sorted(maps.Keys(own))
}

func chainsGone(ctx context.Context) error {
	s, _, err := machine(ctx)
	if err != nil {
		return err
	}
	all := map[string]bool{}
	for _, chains := range s.chains {
		for _, chain := range chains {
			all[chain] = true
		}
	}
	return awaitRules(ctx, "none has the chains "+among(slices.Sorted(maps.Keys(all))), func(rules string) bool {
		for chain := range all {
			if strings.Contains(rules, ":"+chain+" ") {
				return false
			}
		}
		return true
	})
}

func rulesName(ctx context.Context, text string) error {
	return awaitRules(ctx, fmt.Sprintf("those of every node name %q", text), func(rules string) bool { return strings.Contains(rules, text) })
}

func rulesDoNotName(ctx context.Context, text string) error {
	return awaitRules(ctx, fmt.Sprintf("those of no node name %q", text), func(rules string) bool { return !strings.Contains(rules, text) })
}

// awaitRules looks at the rules of all nodes until they are as wanted, for as long as a proxy may take. Rules cannot be watched.
func awaitRules(ctx context.Context, expected string, ok func(rules string) bool) error {
	_, m, err := machine(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	seen := &history{begun: begun}
	ticker := time.NewTicker(trafficPause)
	defer ticker.Stop()
	for {
		var other []string
		for _, node := range m.Nodes() {
			found, err := rules(ctx, m, node)
			if err != nil {
				return err
			}
			if !ok(found) {
				other = append(other, node)
			}
		}
		if len(other) == 0 {
			return nil
		}
		seen.add("otherwise on " + among(other))
		if waited := time.Since(begun); waited > boundTraffic.within(ctx) {
			return &Failure{What: "the iptables rules of the nodes", Expected: expected, Seen: seen.last, Waited: waited, At: time.Now(), Timeline: seen.lines}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
