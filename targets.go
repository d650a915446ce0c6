package plumbline

import (
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/fixtures"
)

// The names of the targets.
const (
	targetReference  = "reference"
	targetKubernetes = "kubernetes"
	targetImage      = "image"
	targetKubeconfig = "kubeconfig"
)

// Targets are the names of what can be judged: the reference orchestrator that comes with the suite, upstream Kubernetes
// built from its modules, a container image that keeps the contract of fixtures/CONTRACT.md, and a cluster that a
// kubeconfig leads to.
var Targets = []string{targetReference, targetKubernetes, targetImage, targetKubeconfig}

// targetFlags makes the choice of the target settable by command-line flags.
func (o *Options) targetFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.Target, "target", o.Target, "what is judged: "+strings.Join(Targets, ", ")+"; "+targetReference+" by default")
	flags.StringVar(&o.Image, "image", o.Image, "with -target=image, the `name` of the container image")
	flags.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "with -target=kubeconfig, the kubeconfig's `path`; without it the one that kubectl uses")
	flags.StringVar(&o.Context, "context", o.Context, "with -target=kubeconfig, the kubeconfig's `context`, where it has several")
	flags.StringVar(&o.WorkloadImage, "workload-image", o.WorkloadImage, "with -target=kubeconfig, the `name` under which nodes find the workload image")
	flags.StringVar(&o.Kubectl, "kubectl", o.Kubectl, "the `path` of another kubectl than the pinned one, to judge the target by")
}

// targetVariables are the make variables that choose the same target again.
func (o Options) targetVariables() string {
	line := ""
	if o.Nodes > 0 {
		line += fmt.Sprintf(" NODES=%d", o.Nodes)
	}
	for _, v := range []struct{ name, value string }{
		{"TARGET", o.Target}, {"IMAGE", o.Image}, {"KUBECONFIG", o.Kubeconfig}, {"CONTEXT", o.Context},
		{"WORKLOAD_IMAGE", o.WorkloadImage}, {"KUBECTL", o.Kubectl},
	} {
		if v.value != "" && (v.name != "TARGET" || v.value != targetReference) {
			line += " " + v.name + "=" + v.value
		}
	}
	return line
}

// newTarget finds what is to be judged, and says what is wrong with the options that choose it.
func newTarget(o Options) (target, error) {
	if err := o.checkTarget(); err != nil {
		return nil, err
	}
	kubectl, err := o.otherKubectl()
	if err != nil {
		return nil, err
	}
	kit := fixtures.Kit(o.Kit)
	switch {
	case o.Provide != nil:
		return &provided{provide: o.Provide, nodes: o.Nodes, kubectl: kubectl, kit: kit}, nil
	case o.Target == targetImage:
		return &containers{name: targetImage, nodes: o.Nodes, source: fixtures.Named(o.Image), kubectl: kubectl, kit: kit}, nil
	case o.Target == targetKubeconfig:
		access, err := fixtures.LoadAccess(o.Kubeconfig, o.Context)
		if err != nil {
			return nil, err
		}
		return &remote{access: access, workload: o.WorkloadImage, kubectl: kubectl, kit: kit}, nil
	case o.Target == targetKubernetes:
		return &containers{name: targetKubernetes, nodes: o.Nodes, source: fixtures.Kubernetes(), kubectl: kubectl, tried: true}, nil
	default:
		return &containers{name: targetReference, nodes: o.Nodes, source: fixtures.Bundled(), kubectl: kubectl, tried: true}, nil
	}
}

// checkTarget wants the target to exist, and every option that belongs to a target to be given with that one.
func (o Options) checkTarget() error {
	typed := o.spelling().option
	if o.Target != "" && !slices.Contains(Targets, o.Target) {
		return fmt.Errorf("%s: there is no such target; there are: %s", typed("target", o.Target), strings.Join(Targets, ", "))
	}
	if o.Provide != nil && o.Target != "" {
		return fmt.Errorf("%s cannot be had together with Options.Provide, which makes the clusters", typed("target", o.Target))
	}
	for _, belongs := range []struct{ option, value, target string }{
		{"image", o.Image, targetImage},
		{"kubeconfig", o.Kubeconfig, targetKubeconfig},
		{"context", o.Context, targetKubeconfig},
		{"workload-image", o.WorkloadImage, targetKubeconfig},
	} {
		if belongs.value != "" && o.Target != belongs.target {
			return fmt.Errorf("%s is of use only with %s", typed(belongs.option, belongs.value), typed("target", belongs.target))
		}
	}
	if o.Nodes != 0 && o.Target == targetKubeconfig {
		return fmt.Errorf("%s: the cluster of a kubeconfig is taken as it is, and has the nodes that it has", typed("nodes", fmt.Sprint(o.Nodes)))
	}
	if o.Kit != "" && o.Provide == nil && o.Target != targetImage && o.Target != targetKubeconfig {
		return fmt.Errorf("what is judged has to be said, by %s and %s or by %s: the reference and upstream Kubernetes are built from their source, in Plumbline's repository",
			typed("target", targetImage), typed("image", "NAME"), typed("target", targetKubeconfig))
	}
	if o.Target == targetImage && o.Image == "" {
		return fmt.Errorf("%s needs %s, the container image to judge", typed("target", targetImage), typed("image", "NAME"))
	}
	return nil
}

// otherKubectl is the path of the kubectl that was asked for, or nothing.
func (o Options) otherKubectl() (string, error) {
	if o.Kubectl == "" {
		return "", nil
	}
	path, err := exec.LookPath(o.Kubectl)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.spelling().option("kubectl", o.Kubectl), err)
	}
	return path, nil
}
