package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline/plumbline/fixtures"
)

// target is one orchestrator whose clusters are measured.
type target struct {
	name       string
	clusters   *fixtures.Clusters
	suiteFlags []string // choose it in a conformance run
}

// sources are where the targets' images come from; the image that the flag -image names is a target as well.
var sources = map[string]fixtures.Source{"reference": fixtures.Bundled(), "kubernetes": fixtures.Kubernetes()}

// named is the target that -image names.
const named = "image"

// sourceOf finds a target by the value of a flag.
func sourceOf(flag, name, image string) (fixtures.Source, error) {
	if name == named {
		if image == "" {
			return nil, fmt.Errorf("-%s=%s: -image=NAME is missing", flag, named)
		}
		return fixtures.Named(image), nil
	}
	source, ok := sources[name]
	if !ok {
		known := append(slices.Sorted(maps.Keys(sources)), named)
		return nil, fmt.Errorf("-%s: there is no target %q; the targets are: %s", flag, name, strings.Join(known, ", "))
	}
	return source, nil
}

// openTarget makes a target's image be at hand.
func openTarget(ctx context.Context, o options, name string, w io.Writer) (*target, error) {
	source, err := sourceOf("target", name, o.image)
	if err != nil {
		return nil, err
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("name the run: %w", err)
	}
	t := &target{name: name, suiteFlags: []string{"-target=" + name}}
	if name == named {
		t.suiteFlags = append(t.suiteFlags, "-image="+o.image)
	}
	if t.clusters, err = fixtures.New(ctx, hex.EncodeToString(random[:]), w, source); err != nil {
		return nil, fmt.Errorf("the target %s: %w", name, err)
	}
	return t, nil
}

func closeAll(ctx context.Context, targets []*target) error {
	var errs []error
	for _, t := range targets {
		errs = append(errs, t.clusters.Close(ctx))
	}
	return errors.Join(errs...)
}
