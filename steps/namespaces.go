package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
)

// makeNamespace gives the scenario a namespace that nobody else uses. The server chooses the end of the name, so that a
// run does not stumble over what an earlier one left.
func (s *scenario) makeNamespace(ctx context.Context) (string, error) {
	sum := sha256.Sum256([]byte(s.env.Scenario))
	made, err := s.typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "plumbline-" + hex.EncodeToString(sum[:3]) + "-",
			Labels:       map[string]string{RunLabel: s.env.Run},
			Annotations:  map[string]string{"plumbline.dev/scenario": s.env.Scenario},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("make the scenario's namespace: %w", err)
	}
	return made.Name, nil
}

// awaitAccount waits for the namespace's default service account where the cluster has service accounts: upstream's admission
// refuses a Pod that comes long before it. A cluster that never makes it is judged by what it does with Pods.
func (s *scenario) awaitAccount(ctx context.Context) error {
	account := schema.GroupVersionKind{Version: "v1", Kind: "ServiceAccount"}
	mapping, err := s.mapper.RESTMapping(account.GroupKind(), account.Version)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return environment(fmt.Errorf("ask whether there are service accounts: %w", err))
	}
	limited, cancel := context.WithTimeout(ctx, boundController.limit)
	defer cancel()
	state := objects{}
	_, err = s.followCollection(limited, s.dynamic.Resource(mapping.Resource).Namespace(s.namespace), named("default"), state,
		func() (bool, error) { return len(state) > 0, nil })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

// removeNamespace asks for the end of a namespace, and for the quick end of the Pods in it: what the scenario promised
// about grace periods has been judged by now.
func (s *scenario) removeNamespace(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	err := s.typed.CoreV1().Pods(name).DeleteCollection(ctx,
		metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](1)}, metav1.ListOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove the Pods of namespace %s: %w", name, err)
	}
	err = s.typed.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("remove namespace %s: %w", name, err)
	}
	return nil
}
