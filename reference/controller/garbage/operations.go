package garbage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/util/retry"
)

var errClusterScoped = errors.New("cluster-scoped objects cannot refer to namespaced owners")

func (c *Controller) in(resource schema.GroupVersionResource, namespace string) metadata.ResourceInterface {
	if namespace == "" {
		return c.client.Resource(resource)
	}
	return c.client.Resource(resource).Namespace(namespace)
}

// read gets an object from the server; nil when there is none.
func (c *Controller) read(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*metav1.PartialObjectMetadata, error) {
	live, err := c.in(resource, namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s/%s: %w", resource.Resource, namespace, name, err)
	}
	return live, nil
}

// absentOwner is an owner that was looked for in vain. What does not exist will not: a UID is given once.
type absentOwner struct {
	apiVersion, kind, name, namespace string
	uid                               types.UID
}

// standing looks an owner up where the reference says that it is: in the dependent's namespace, or in none if its kind lives in none.
func (c *Controller) standing(ctx context.Context, reference metav1.OwnerReference, namespace string) (standing, error) {
	kind := schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind)
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		// The kind may come later; until then nobody can tell whether the owner exists.
		return solid, fmt.Errorf("find out what %v is: %w", kind, err)
	}
	switch {
	case mapping.Scope.Name() != meta.RESTScopeNameNamespace:
		namespace = ""
	case namespace == "":
		return solid, errClusterScoped
	}
	key := absentOwner{reference.APIVersion, reference.Kind, reference.Name, namespace, reference.UID}
	if _, known := c.absent.Get(key); known {
		return dangling, nil
	}
	live, err := c.read(ctx, mapping.Resource, namespace, reference.Name)
	if err != nil {
		return solid, err
	}
	stand := standingOf(reference, live)
	if stand == dangling {
		c.absent.Add(key, true)
	}
	return stand, nil
}

func (c *Controller) carryOut(ctx context.Context, o *object, live *metav1.PartialObjectMetadata, decided action) error {
	if len(decided.removeOwners) > 0 {
		return c.removeOwners(ctx, o.resource, live, decided.removeOwners)
	}
	if !decided.remove {
		return nil
	}
	if decided.unblock {
		if err := c.unblock(ctx, o, live); err != nil {
			return err
		}
	}
	return c.remove(ctx, o, live, decided)
}

// remove deletes the object that was decided about, and no successor. When it changed since, but not its owners, the decision stands.
func (c *Controller) remove(ctx context.Context, o *object, live *metav1.PartialObjectMetadata, decided action) error {
	preconditions := &metav1.Preconditions{UID: &live.UID}
	if !decided.unblock {
		preconditions.ResourceVersion = &live.ResourceVersion
	}
	err := c.in(o.resource, o.namespace).Delete(ctx, o.name, metav1.DeleteOptions{Preconditions: preconditions, PropagationPolicy: &decided.policy})
	if apierrors.IsConflict(err) && preconditions.ResourceVersion != nil {
		newer, readErr := c.read(ctx, o.resource, o.namespace, o.name)
		if readErr != nil {
			return readErr
		}
		if newer != nil && newer.UID == live.UID && equality.Semantic.DeepEqual(newer.OwnerReferences, live.OwnerReferences) {
			preconditions.ResourceVersion = nil
			err = c.in(o.resource, o.namespace).Delete(ctx, o.name, metav1.DeleteOptions{Preconditions: preconditions, PropagationPolicy: &decided.policy})
		}
	}
	if apierrors.IsNotFound(err) {
		c.forget(o.uid)
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s %s/%s: %w", o.resource.Resource, o.namespace, o.name, err)
	}
	return nil
}

// removeOwners drops references from an object. The patch names its UID and what to drop, so it needs no version; kinds without
// strategic merge get the whole list, with the version that it was made from.
func (c *Controller) removeOwners(ctx context.Context, resource schema.GroupVersionResource, live *metav1.PartialObjectMetadata, owners []types.UID) error {
	var drop []map[string]string
	for _, uid := range owners {
		drop = append(drop, map[string]string{"$patch": "delete", "uid": string(uid)})
	}
	err := c.patch(ctx, resource, live, types.StrategicMergePatchType, map[string]any{"uid": live.UID, "ownerReferences": drop})
	if apierrors.IsUnsupportedMediaType(err) {
		kept := slices.DeleteFunc(slices.Clone(live.OwnerReferences), func(r metav1.OwnerReference) bool { return slices.Contains(owners, r.UID) })
		err = c.patch(ctx, resource, live, types.MergePatchType, map[string]any{"uid": live.UID, "resourceVersion": live.ResourceVersion, "ownerReferences": kept})
	}
	// Gone, or another object of the same name: either way there is nothing to part from the owner.
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsInvalid(err) {
		return nil
	}
	return fmt.Errorf("remove owners from %s %s/%s: %w", resource.Resource, live.Namespace, live.Name, err)
}

// unblock lets the object's owners go without waiting for it.
func (c *Controller) unblock(ctx context.Context, o *object, live *metav1.PartialObjectMetadata) error {
	references := slices.Clone(live.OwnerReferences)
	no := false
	for i := range references {
		if references[i].BlockOwnerDeletion != nil {
			references[i].BlockOwnerDeletion = &no
		}
	}
	err := c.patch(ctx, o.resource, live, types.MergePatchType, map[string]any{"uid": live.UID, "resourceVersion": live.ResourceVersion, "ownerReferences": references})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("unblock the owners of %s %s/%s: %w", o.resource.Resource, o.namespace, o.name, err)
	}
	return nil
}

func (c *Controller) removeFinalizer(ctx context.Context, o *object, finalizer string) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := c.read(ctx, o.resource, o.namespace, o.name)
		if err != nil || live == nil || live.UID != o.uid || !slices.Contains(live.Finalizers, finalizer) {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(live.Finalizers), func(f string) bool { return f == finalizer })
		return c.patch(ctx, o.resource, live, types.MergePatchType, map[string]any{"resourceVersion": live.ResourceVersion, "finalizers": kept})
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove finalizer %s from %s %s/%s: %w", finalizer, o.resource.Resource, o.namespace, o.name, err)
	}
	return nil
}

func (c *Controller) patch(ctx context.Context, resource schema.GroupVersionResource, live *metav1.PartialObjectMetadata, kind types.PatchType, change map[string]any) error {
	data, err := json.Marshal(map[string]any{"metadata": change})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	_, err = c.in(resource, live.Namespace).Patch(ctx, live.Name, kind, data, metav1.PatchOptions{})
	return err
}

// dependent is an object found by a live look at what an owner owns.
type dependent struct {
	resource schema.GroupVersionResource
	meta     metav1.PartialObjectMetadata
}

// liveDependents asks the server for everything that the owner owns, of every kind.
func (c *Controller) liveDependents(ctx context.Context, owner *object) ([]dependent, error) {
	c.mu.Lock()
	var kinds []served
	for _, m := range c.monitors {
		if owner.namespace == "" || m.namespaced {
			kinds = append(kinds, m.served)
		}
	}
	c.mu.Unlock()
	found := make([][]dependent, len(kinds))
	failures := make([]error, len(kinds))
	var group sync.WaitGroup
	for i, kind := range kinds {
		group.Go(func() {
			list, err := c.in(kind.resource, owner.namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				failures[i] = fmt.Errorf("list %s: %w", kind.resource.Resource, err)
				return
			}
			for _, item := range list.Items {
				if _, owned := find(item.OwnerReferences, owner.uid); owned {
					found[i] = append(found[i], dependent{kind.resource, item})
				}
			}
		})
	}
	group.Wait()
	return slices.Concat(found...), errors.Join(failures...)
}
