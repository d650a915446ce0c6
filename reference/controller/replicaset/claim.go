package replicaset

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/plumbline/plumbline/reference/controller/ownership"
)

// claimer adopts Pods for sets, and releases them.
func claimer(client kubernetes.Interface) ownership.Claimer[*corev1.Pod] {
	return ownership.Claimer[*corev1.Pod]{
		Kind: kind, Owner: "replica set", Object: "pod",
		Read: func(ctx context.Context, namespace, name string) (metav1.Object, error) {
			return client.AppsV1().ReplicaSets(namespace).Get(ctx, name, metav1.GetOptions{})
		},
		Patch: func(ctx context.Context, pod *corev1.Pod, patch []byte) (*corev1.Pod, error) {
			return client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
		},
	}
}

// isActive tells whether a Pod counts as a replica: it has not ended, and nobody has asked for its end.
func isActive(pod *corev1.Pod) bool {
	return !hasEnded(pod) && pod.DeletionTimestamp == nil
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// active keeps the Pods that count as replicas.
func active(pods []*corev1.Pod) []*corev1.Pod {
	var kept []*corev1.Pod
	for _, pod := range pods {
		if isActive(pod) {
			kept = append(kept, pod)
		}
	}
	return kept
}

// terminating keeps the set's own selected Pods that are on their way out but have not ended.
func terminating(set *appsv1.ReplicaSet, selector labels.Selector, pods []*corev1.Pod) []*corev1.Pod {
	var kept []*corev1.Pod
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil && !hasEnded(pod) && metav1.IsControlledBy(pod, set) && selector.Matches(labels.Set(pod.Labels)) {
			kept = append(kept, pod)
		}
	}
	return kept
}
