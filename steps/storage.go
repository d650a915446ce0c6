package steps

import (
	"context"
	"fmt"
)

// Sentences about storage that outlives Pods.

func storageSentences(sc vocabulary) {
	sc.Step(`^the default storage class is remembered as "([^"]*)"$`, defaultClassRemembered)
}

// defaultClass marks the class that claims get which name none.
const defaultClass = "storageclass.kubernetes.io/is-default-class"

// defaultClassRemembered finds the class. A cluster without one has nobody who makes volumes, which Kubernetes leaves to others.
func defaultClassRemembered(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	classes, err := s.list(ctx, "StorageClass", "")
	if err != nil {
		return err
	}
	var found []string
	for _, class := range classes.Items {
		if class.GetAnnotations()[defaultClass] == "true" {
			found = append(found, class.GetName())
		}
	}
	switch len(found) {
	case 0:
		return &Unsupported{Why: "the cluster has no default storage class, so that nobody makes volumes for claims"}
	case 1:
		s.store(as, found[0])
		return nil
	}
	return &Unsupported{Why: fmt.Sprintf("the cluster has several default storage classes, %q: which one a claim gets is not the scenario's to say", found)}
}
