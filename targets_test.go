package plumbline

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/steps"
)

func TestOptionsThatChooseNoTarget(t *testing.T) {
	provide := func(context.Context, ClusterSpec) (*Cluster, error) { return nil, nil }
	for name, c := range map[string]struct {
		options Options
		want    []string // in the error
	}{
		"unknown target":              {Options{Target: "openshift"}, []string{"-target=openshift", "reference, kubernetes, image, kubeconfig"}},
		"image of another target":     {Options{Image: "a:1"}, []string{"-image=a:1", "-target=image"}},
		"image of a kubeconfig":       {Options{Target: "kubeconfig", Image: "a:1"}, []string{"-image=a:1", "-target=image"}},
		"no image":                    {Options{Target: "image"}, []string{"-target=image", "-image=NAME"}},
		"kubeconfig of the reference": {Options{Kubeconfig: "x"}, []string{"-kubeconfig=x", "-target=kubeconfig"}},
		"context of the reference":    {Options{Target: "reference", Context: "x"}, []string{"-context=x", "-target=kubeconfig"}},
		"workload image":              {Options{Target: "image", Image: "a:1", WorkloadImage: "b:1"}, []string{"-workload-image=b:1", "-target=kubeconfig"}},
		"kubectl that is not there":   {Options{Kubectl: "/no/such/kubectl"}, []string{"-kubectl"}},
		"kubeconfig that is not":      {Options{Target: "kubeconfig", Kubeconfig: "/no/such/file"}, []string{"-kubeconfig", "/no/such/file"}},
		"runner without a target":     {Options{Kit: "x"}, []string{"-target=image", "-target=kubeconfig"}},
		"runner and the reference":    {Options{Kit: "x", Target: "reference"}, []string{"-target=image", "-target=kubeconfig"}},
		"nodes of a kubeconfig":       {Options{Target: "kubeconfig", Nodes: 2}, []string{"-nodes=2", "kubeconfig"}},
		"target and Provide":          {Options{Target: "reference", Provide: provide}, []string{"-target=reference", "Options.Provide"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newTarget(c.options)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("the error is %v, want one line with %q", err, want)
				}
			}
		})
	}
}

func TestTargetFlags(t *testing.T) {
	var options Options
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	options.Flags(flags)
	arguments := []string{"-target=kubeconfig", "-kubeconfig=k", "-context=c", "-workload-image=w", "-kubectl=k1"}
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	want := " TARGET=kubeconfig KUBECONFIG=k CONTEXT=c WORKLOAD_IMAGE=w KUBECTL=k1"
	if got := options.again(Selection{}, 0); got != "make conformance"+want {
		t.Errorf("the run is repeated by %q", got)
	}
}

// What a kubeconfig's cluster cannot have is known without asking it.
func TestNothingOfSomebodysClusterIsStopped(t *testing.T) {
	target := &remote{}
	if target.provider() != nil {
		t.Error("it provides clusters")
	}
	for profile, unsupported := range map[string]bool{"api": false, "workloads": false, "cluster": true, "implementation": true, "autoscaling": true} {
		if why := target.unsupported(profile); (why != "") != unsupported {
			t.Errorf("%s is unsupported because %q", profile, why)
		}
	}
}

// On one node, what needs two is known to be unsupported before anything starts; a run that needs none gets none.
func TestNodesThatWereAskedFor(t *testing.T) {
	provide := func(context.Context, ClusterSpec) (*Cluster, error) { return nil, nil }
	for name, options := range map[string]Options{"image": {Target: targetImage, Image: "a:1"}, "provided": {Provide: provide}} {
		for asked, unsupported := range map[int]bool{0: false, 1: true, 2: false} {
			options.Nodes = asked
			target, err := newTarget(options)
			if err != nil {
				t.Fatal(err)
			}
			if why := target.unsupported("multi-node"); (why != "") != unsupported {
				t.Errorf("%s: of %d nodes, multi-node is unsupported because %q", name, asked, why)
			}
			if why := target.unsupported("network"); why != "" {
				t.Errorf("%s: of %d nodes, network is unsupported because %q", name, asked, why)
			}
		}
	}
	for _, c := range []struct {
		needs         needs
		asked, starts int
	}{{needs{}, 0, 0}, {needs{}, 2, 0}, {needs{workloads: true}, 0, defaultNodes}, {needs{workloads: true}, 1, 1}} {
		if n := sharedNodes(c.needs, c.asked); n != c.starts {
			t.Errorf("%+v with %d asked for starts %d nodes, want %d", c.needs, c.asked, n, c.starts)
		}
	}
}

type countedClusters struct{ released []string }

func (p *countedClusters) Start(context.Context, steps.ClusterSpec) (steps.Cluster, func(context.Context) error, error) {
	return fakeCluster{"http://own"}, func(context.Context) error { p.released = append(p.released, "own"); return nil }, nil
}

type targetWithProvider struct {
	*fakeTarget
	own *countedClusters
}

func (t targetWithProvider) provider() steps.Provider { return t.own }

// Every cluster is configured before a scenario sees it, and one that cannot be is removed.
func TestConfigure(t *testing.T) {
	var configured []string
	refuse := false
	own := &countedClusters{}
	e := &engine{target: targetWithProvider{newFakeTarget(t), own}, options: Options{Configure: func(_ context.Context, config *rest.Config) error {
		configured = append(configured, config.Host)
		config.Host = "changed"
		if refuse {
			return errors.New("not today")
		}
		return nil
	}}}
	cluster, release, err := e.provider().Start(t.Context(), steps.ClusterSpec{})
	if err != nil || release == nil || len(configured) != 1 || configured[0] != "http://own" {
		t.Fatalf("configured %v, error %v", configured, err)
	}
	if cluster.Config().Host != "http://own" {
		t.Error("Configure got the configuration itself, and not a copy")
	}
	refuse = true
	if _, _, err := e.provider().Start(t.Context(), steps.ClusterSpec{}); err == nil || !strings.Contains(err.Error(), "Options.Configure") || !strings.Contains(err.Error(), "not today") {
		t.Errorf("the error is %v", err)
	}
	if len(own.released) != 1 {
		t.Errorf("%d clusters were removed, want the one that could not be configured", len(own.released))
	}
}

func TestKubeconfigWithSeveralContexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: c, cluster: {server: 'https://c'}}]\nusers: [{name: u, user: {token: t}}]\n" +
		"contexts: [{name: b, context: {cluster: c, user: u}}, {name: a, context: {cluster: c, user: u}}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newTarget(Options{Target: "kubeconfig", Kubeconfig: path}); err == nil || !strings.Contains(err.Error(), "-context chooses one of: a, b") {
		t.Errorf("the error is %v", err)
	}
	if _, err := newTarget(Options{Target: "kubeconfig", Kubeconfig: path, Context: "b"}); err != nil {
		t.Error(err)
	}
}
