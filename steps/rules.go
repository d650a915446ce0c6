package steps

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Sentences about the iptables rules of nodes. They look into the nodes of a cluster that the run owns, so that their scenarios
// are of the profile `implementation`.

func ruleSentences(sc vocabulary) {
	sc.Step(`^somebody else's chain "([^"]*)" is among the iptables rules of every node$`, foreignChain)
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
