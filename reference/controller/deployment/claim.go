package deployment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// claims says what becomes of each ReplicaSet that the Deployment owns or could own.
type claims struct {
	owned   []*appsv1.ReplicaSet // its own already, and selected
	adopt   []*appsv1.ReplicaSet // orphans that the selector matches
	release []*appsv1.ReplicaSet // its own, whose labels no longer match
}

// decideClaims sorts sets by whose they are. What another controller owns is left alone, and a Deployment that is being deleted neither
// adopts nor releases.
func decideClaims(d *appsv1.Deployment, selector labels.Selector, sets []*appsv1.ReplicaSet) claims {
	var c claims
	for _, set := range sets {
		matches := selector.Matches(labels.Set(set.Labels))
		owner := metav1.GetControllerOfNoCopy(set)
		switch {
		case owner != nil && owner.UID != d.UID:
		case owner != nil && matches:
			c.owned = append(c.owned, set)
		case d.DeletionTimestamp != nil:
		case owner != nil:
			c.release = append(c.release, set)
		case matches && set.DeletionTimestamp == nil:
			c.adopt = append(c.adopt, set)
		}
	}
	return c
}

// claim adopts and releases what was decided, and returns the sets that the Deployment has after that.
func (c *Controller) claim(ctx context.Context, d *appsv1.Deployment, decided claims) ([]*appsv1.ReplicaSet, error) {
	sets := decided.owned
	var failures []error
	for _, set := range decided.release {
		references := []map[string]string{{"$patch": "delete", "uid": string(d.UID)}}
		// Invalid means that the UID is another's: the set is gone, and its successor is none of our business.
		if _, err := c.patchOwner(ctx, set, references); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsInvalid(err) {
			failures = append(failures, fmt.Errorf("release replica set %s/%s: %w", set.Namespace, set.Name, err))
		}
	}
	if len(decided.adopt) > 0 {
		if err := c.mayAdopt(ctx, d); err != nil {
			return nil, errors.Join(append(failures, err)...)
		}
	}
	for _, set := range decided.adopt {
		adopted, err := c.patchOwner(ctx, set, []*metav1.OwnerReference{metav1.NewControllerRef(d, kind)})
		switch {
		case err == nil:
			sets = append(sets, adopted)
		case !apierrors.IsNotFound(err):
			failures = append(failures, fmt.Errorf("adopt replica set %s/%s: %w", set.Namespace, set.Name, err))
		}
	}
	return sets, errors.Join(failures...)
}

// patchOwner carries the UID so that a set of the same name created since is not touched.
func (c *Controller) patchOwner(ctx context.Context, set *appsv1.ReplicaSet, references any) (*appsv1.ReplicaSet, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": set.UID, "ownerReferences": references}})
	if err != nil {
		return nil, fmt.Errorf("encode patch: %w", err)
	}
	return c.client.AppsV1().ReplicaSets(set.Namespace).Patch(ctx, set.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
}

// mayAdopt reads the Deployment from the server: the cached one may have been deleted, or replaced by another of its name.
func (c *Controller) mayAdopt(ctx context.Context, d *appsv1.Deployment) error {
	fresh, err := c.client.AppsV1().Deployments(d.Namespace).Get(ctx, d.Name, metav1.GetOptions{})
	switch {
	case err != nil:
		return fmt.Errorf("read deployment %s before adopting replica sets: %w", keyOf(d), err)
	case fresh.UID != d.UID:
		return fmt.Errorf("deployment %s is gone: another of its name has UID %s, not %s", keyOf(d), fresh.UID, d.UID)
	case fresh.DeletionTimestamp != nil:
		return fmt.Errorf("deployment %s has been deleted at %v", keyOf(d), fresh.DeletionTimestamp)
	}
	return nil
}
