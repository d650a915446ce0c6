package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// ScenarioAnnotation names the scenario whose namespace it is.
const ScenarioAnnotation = "plumbline.dev/scenario"

// podSecurity begins the labels that say what Pods a namespace may have. Clusters that allow little where nothing is said, as Kubernetes
// documents it ("Apply Pod Security Standards at the Cluster Level"), would refuse every Pod that looks at its node; upstream's own tests
// say it for their namespaces, too.
const podSecurity = "pod-security.kubernetes.io/"

// makeNamespace gives the scenario a namespace that nobody else uses. The server chooses the end of the name, so that a
// run does not stumble over what an earlier one left.
func (s *scenario) makeNamespace(ctx context.Context) (string, error) {
	sum := sha256.Sum256([]byte(s.env.Scenario))
	labels := map[string]string{RunLabel: s.env.Run}
	for _, mode := range []string{"enforce", "warn", "audit"} {
		labels[podSecurity+mode] = "privileged"
	}
	made, err := s.typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "plumbline-" + hex.EncodeToString(sum[:3]) + "-",
			Labels:       labels,
			Annotations:  map[string]string{ScenarioAnnotation: s.env.Scenario},
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
	limited, cancel := context.WithTimeout(ctx, boundController.within(ctx))
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
	if s.env.Outlives {
		if err := s.letGo(ctx, name); err != nil {
			return err
		}
	}
	err = s.typed.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("remove namespace %s: %w", name, err)
	}
	return nil
}

// outside is an object beside namespaces that the scenario made.
type outside struct {
	resource schema.GroupVersionResource
	name     string
}

// removeOutside asks for the end of what the scenario made beside its namespace: volumes, classes. A volume that is in use goes
// with the namespace whose claim uses it.
func (s *scenario) removeOutside(ctx context.Context) error {
	var errs []error
	for _, made := range s.outside {
		err := s.dynamic.Resource(made.resource).Delete(ctx, made.name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			errs = append(errs, fmt.Errorf("remove %s %s: %w", made.resource.Resource, made.name, err))
		}
	}
	return errors.Join(errs...)
}

// scenarioDomain is where the finalizers are that scenarios give their objects; nobody else takes them away.
const scenarioDomain = "example.com/"

// letGo takes away what would keep a namespace from ending on a cluster that goes on after the run: finalizers that the
// scenario gave its objects, and Pods that it bound to no node.
func (s *scenario) letGo(ctx context.Context, namespace string) error {
	for _, kind := range []string{"Pod", "ConfigMap", "Secret", "Service", "Endpoints", "EndpointSlice", "ReplicaSet", "Lease", "Event", "PersistentVolumeClaim"} {
		mapping, err := s.mappingOf(kind)
		if err != nil {
			continue // what the target does not serve, nobody made
		}
		objects := s.dynamic.Resource(mapping.Resource).Namespace(namespace)
		list, err := objects.List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("list the %ss of namespace %s: %w", kind, namespace, err)
		}
		for _, object := range list.Items {
			if kind == "Pod" {
				if err := s.letPodGo(ctx, &object); err != nil {
					return err
				}
			}
			held := object.GetFinalizers()
			rest := slices.DeleteFunc(slices.Clone(held), func(finalizer string) bool { return strings.HasPrefix(finalizer, scenarioDomain) })
			if len(rest) == len(held) {
				continue
			}
			body, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": rest}})
			if err != nil {
				return fmt.Errorf("write the patch as JSON: %w", err)
			}
			if _, err := objects.Patch(ctx, object.GetName(), types.MergePatchType, body, metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("let go of %s %q: %w", kind, object.GetName(), err)
			}
		}
	}
	return nil
}

// letPodGo removes a Pod at once that the scenario bound to a node which there is not: nobody else would end it.
func (s *scenario) letPodGo(ctx context.Context, pod *unstructured.Unstructured) error {
	node, _, _ := unstructured.NestedString(pod.Object, "spec", "nodeName")
	if node == "" {
		return nil
	}
	_, err := s.typed.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return nil // it is there, or nobody can tell; its agent ends the Pod
	}
	err = s.typed.CoreV1().Pods(pod.GetNamespace()).Delete(ctx, pod.GetName(), metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove Pod %q of no node: %w", pod.GetName(), err)
	}
	return nil
}
