package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/plumbline/plumbline/reference/controller/ownership"
)

// claimer adopts sets for Deployments, and releases them.
func claimer(client kubernetes.Interface) ownership.Claimer[*appsv1.ReplicaSet] {
	return ownership.Claimer[*appsv1.ReplicaSet]{
		Kind: kind, Owner: "deployment", Object: "replica set",
		Read: func(ctx context.Context, namespace, name string) (metav1.Object, error) {
			return client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		},
		Patch: func(ctx context.Context, set *appsv1.ReplicaSet, patch []byte) (*appsv1.ReplicaSet, error) {
			return client.AppsV1().ReplicaSets(set.Namespace).Patch(ctx, set.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
		},
	}
}
