package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
