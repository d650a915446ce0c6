package ownership

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Claimer carries claims out by patches of owner references. References to others stay as they are.
type Claimer[T metav1.Object] struct {
	// Kind is the owners'.
	Kind schema.GroupVersionKind
	// Owner and Object are what owners and objects are called in errors, such as "replica set" and "pod".
	Owner, Object string
	// Read reads an owner from the server, not from a cache.
	Read func(ctx context.Context, namespace, name string) (metav1.Object, error)
	// Patch sends a strategic merge patch, and returns the object as it is then.
	Patch func(ctx context.Context, object T, patch []byte) (T, error)
}

// Claim releases and adopts what was decided, and returns the objects that the owner has after that. What has gone in the meantime is no
// error. Before the first adoption the owner is read anew, and has to be there still, not deleted: else nothing is adopted, and that is
// an error, since the cache that the claims were decided by is behind.
func (c Claimer[T]) Claim(ctx context.Context, owner metav1.Object, claims Claims[T]) ([]T, error) {
	owned := claims.Owned
	var failures []error
	for _, object := range claims.Release {
		if err := c.release(ctx, owner, object); err != nil {
			failures = append(failures, err)
		}
	}
	if len(claims.Adopt) > 0 {
		if err := c.mayAdopt(ctx, owner); err != nil {
			return nil, errors.Join(append(failures, err)...)
		}
	}
	for _, object := range claims.Adopt {
		adopted, err := c.patch(ctx, object, []*metav1.OwnerReference{metav1.NewControllerRef(owner, c.Kind)})
		switch {
		case err == nil:
			owned = append(owned, adopted)
		case !apierrors.IsNotFound(err):
			failures = append(failures, fmt.Errorf("adopt %s %s: %w", c.Object, nameOf(object), err))
		}
	}
	return owned, errors.Join(failures...)
}

func (c Claimer[T]) release(ctx context.Context, owner metav1.Object, object T) error {
	_, err := c.patch(ctx, object, []map[string]string{{"$patch": "delete", "uid": string(owner.GetUID())}})
	// Invalid means that the UID is another's: the object is gone, and its successor is none of our business.
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsInvalid(err) {
		return fmt.Errorf("release %s %s: %w", c.Object, nameOf(object), err)
	}
	return nil
}

// patch carries the UID so that an object of the same name created since is not touched.
func (c Claimer[T]) patch(ctx context.Context, object T, references any) (T, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": object.GetUID(), "ownerReferences": references}})
	if err != nil {
		return object, fmt.Errorf("encode patch: %w", err)
	}
	return c.Patch(ctx, object, patch)
}

// mayAdopt asks the server: the cached owner may have been deleted, or replaced by another of its name.
func (c Claimer[T]) mayAdopt(ctx context.Context, owner metav1.Object) error {
	fresh, err := c.Read(ctx, owner.GetNamespace(), owner.GetName())
	switch {
	case err != nil:
		return fmt.Errorf("read %s %s before it adopts: %w", c.Owner, nameOf(owner), err)
	case fresh.GetUID() != owner.GetUID():
		return fmt.Errorf("%s %s is gone: another of its name has UID %s, not %s", c.Owner, nameOf(owner), fresh.GetUID(), owner.GetUID())
	case fresh.GetDeletionTimestamp() != nil:
		return fmt.Errorf("%s %s has been deleted at %v", c.Owner, nameOf(owner), fresh.GetDeletionTimestamp())
	}
	return nil
}

func nameOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}
