package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/coreos/go-iptables/iptables"
	"k8s.io/klog/v2"
)

// lockSeconds is how long iptables waits for another program that changes rules.
const lockSeconds = 10

// tables is the kernel's packet filter, through one of the two families of iptables programs: legacy, which replaces
// whole tables, or nft, which translates to nftables. Each sees its own rules alone.
type tables struct {
	ipt     *iptables.IPTables
	program string // iptables-legacy, iptables-nft, or iptables where there is but one
	block   int    // how many chains are written at a time at most; 0: all
}

// nftBlock is a compromise. For each line iptables-nft-restore walks a list of all chains that it has read since the last
// COMMIT, so that its time grows with their square; each COMMIT has a price of its own. Legacy tables are replaced whole by
// each COMMIT, and one has to do.
const nftBlock = 500

// openTables finds the family to use: the one that already holds rules of ours, so that a restart goes on where it was;
// else legacy where the kernel has it, because it is faster with many Services; else nft.
func openTables() (*tables, error) {
	var usable []*tables
	var reasons []error
	for _, program := range []string{"iptables-legacy", "iptables-nft", "iptables"} {
		if program == "iptables" && len(usable) > 0 {
			break
		}
		t, err := openProgram(program)
		if err != nil {
			reasons = append(reasons, err)
			continue
		}
		usable = append(usable, t)
	}
	if len(usable) == 0 {
		return nil, fmt.Errorf("no usable iptables: %w", errors.Join(reasons...))
	}
	for _, t := range usable {
		if ours, err := t.ipt.ChainExists("nat", chainServices); err == nil && ours {
			return t, nil
		}
	}
	return usable[0], nil
}

// openProgram is an error where the program is missing or the kernel does not have its kind of tables.
func openProgram(program string) (*tables, error) {
	ipt, err := iptables.New(iptables.Path(program), iptables.Timeout(lockSeconds))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	// Listing makes the kernel load the table, or say that it cannot.
	if _, err := ipt.ListChains("nat"); err != nil {
		return nil, err
	}
	t := &tables{ipt: ipt, program: program}
	if program == "iptables-nft" {
		t.block = nftBlock
	}
	return t, nil
}

// restore applies what restoreInput wrote. Within a block it is all or nothing.
func (t *tables) restore(ctx context.Context, input []byte) error {
	// Counters that the input gives (zeros) are for chains that it writes anyway.
	_, err := t.run(ctx, "-restore", input, "--noflush", "--wait", strconv.Itoa(lockSeconds))
	return err
}

func (t *tables) run(ctx context.Context, program string, input []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.program+program, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s%s: %w: %s%s", t.program, program, err, strings.TrimSpace(errs.String()), lineNamedBy(errs.String(), input))
	}
	return out.Bytes(), nil
}

// lineNamedBy finds the input line that iptables-restore's error speaks of.
func lineNamedBy(message string, input []byte) string {
	_, after, ok := strings.Cut(message, "line")
	if !ok {
		return ""
	}
	number, err := strconv.Atoi(strings.TrimFunc(strings.Fields(after + " ")[0], func(r rune) bool { return r < '0' || r > '9' }))
	lines := bytes.Split(input, []byte("\n"))
	if err != nil || number < 1 || number > len(lines) {
		return ""
	}
	return fmt.Sprintf(" (%s)", lines[number-1])
}

// held is what the kernel holds now: for each table the number of rules in each chain, and the jumps out of the kernel's
// own chains.
type held struct {
	rules map[string]map[string]int
	jumps map[string]bool // "table from to"
}

func (h held) has(j jump) bool { return h.jumps[j.table+" "+j.from+" "+j.to] }

func (t *tables) inspect(ctx context.Context) (held, error) {
	h := held{rules: map[string]map[string]int{}, jumps: map[string]bool{}}
	for _, table := range []string{"nat", "filter"} {
		dump, err := t.run(ctx, "-save", nil, "-t", table)
		if err != nil {
			return held{}, err
		}
		h.read(table, dump)
	}
	return h, nil
}

func (h held) read(table string, dump []byte) {
	count := map[string]int{}
	h.rules[table] = count
	for lines := bufio.NewScanner(bytes.NewReader(dump)); lines.Scan(); {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, ":"); ok {
			name, _, _ = strings.Cut(name, " ")
			count[name] += 0
			continue
		}
		rule, ok := strings.CutPrefix(line, "-A ")
		if !ok {
			continue
		}
		name, rule, _ := strings.Cut(rule, " ")
		count[name]++
		if i := strings.LastIndex(rule, "-j "); i >= 0 {
			target, _, _ := strings.Cut(rule[i+len("-j "):], " ")
			h.jumps[table+" "+name+" "+target] = true
		}
	}
}

// ensureJumps leads the kernel's chains into ours, before rules of others.
func (t *tables) ensureJumps(h held) error {
	made := map[string]bool{}
	for _, j := range jumps {
		if h.has(j) {
			continue
		}
		if _, exists := h.rules[j.table][j.to]; !exists && !made[j.table+j.to] {
			if err := t.ipt.NewChain(j.table, j.to); err != nil {
				return fmt.Errorf("make chain %s %s: %w", j.table, j.to, err)
			}
			made[j.table+j.to] = true
		}
		if err := t.ipt.Insert(j.table, j.from, 1, j.rule()...); err != nil {
			return fmt.Errorf("lead %s %s to %s: %w", j.table, j.from, j.to, err)
		}
	}
	return nil
}

// difference says in words what of the rules is not in the kernel; it is empty when all is.
func (h held) difference(rules Rules) string {
	for _, j := range jumps {
		if !h.has(j) {
			return fmt.Sprintf("the jump from %s %s to %s is gone", j.table, j.from, j.to)
		}
	}
	for table, chains := range rules {
		for name, lines := range chains {
			if n, ok := h.rules[table][name]; !ok || n != len(lines) {
				return fmt.Sprintf("%s %s has %d rules, not %d", table, name, n, len(lines))
			}
		}
	}
	return ""
}

// leftover is what the kernel holds of portals: chains that a full write has to empty and remove when they are not
// wanted. Its lines are unknown, so that none of them counts as written.
func (h held) leftover(desired Rules) Rules {
	stale := Table{}
	for name := range h.rules["nat"] {
		if _, wanted := desired["nat"][name]; !wanted && isPortalChain(name) {
			stale[name] = nil
		}
	}
	return Rules{"nat": stale}
}

// features tries the abilities that not every kernel has, each by a rule in a chain that nothing leads to.
func (t *tables) features(ctx context.Context) Features {
	const chain = "KUBE-PROXY-CANARY"
	try := func(name, rule string) bool {
		err := t.restore(ctx, []byte("*nat\n:"+chain+" - [0:0]\n-A "+chain+" "+rule+"\n-F "+chain+"\nCOMMIT\n"))
		if err != nil {
			klog.FromContext(ctx).Info("The kernel lacks an ability", "ability", name, "reason", err)
		}
		return err == nil
	}
	f := Features{
		Recent:      try("recent, for sessionAffinity", "-m recent --name "+chain+" --rcheck --seconds 1 --reap -j RETURN"),
		SCTP:        try("SCTP", "-p sctp -m sctp --dport 1 -j RETURN"),
		RandomFully: try("random source ports", "-j MASQUERADE --random-fully"),
	}
	if err := t.restore(ctx, []byte("*nat\n:"+chain+" - [0:0]\n-X "+chain+"\nCOMMIT\n")); err != nil {
		klog.FromContext(ctx).Info("The chain of the trials stays", "reason", err)
	}
	return f
}
