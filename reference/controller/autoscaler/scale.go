package autoscaler

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// scales reads and writes the scale subresource of a kind.
type scales interface {
	GetScale(ctx context.Context, name string, options metav1.GetOptions) (*autoscalingv1.Scale, error)
	UpdateScale(ctx context.Context, name string, scale *autoscalingv1.Scale, options metav1.UpdateOptions) (*autoscalingv1.Scale, error)
}

// scalable is the target of an autoscaler.
type scalable struct {
	scales scales
	name   string
}

// scalableOf finds the target's kind. The version does not matter: what is meant is the one that is served.
func scalableOf(client kubernetes.Interface, hpa *autoscalingv2.HorizontalPodAutoscaler) (scalable, error) {
	target := hpa.Spec.ScaleTargetRef
	version, err := schema.ParseGroupVersion(target.APIVersion)
	if err != nil {
		return scalable{}, err
	}
	kind := schema.GroupKind{Group: version.Group, Kind: target.Kind}
	switch kind {
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "ReplicaSet"}:
		return scalable{client.AppsV1().ReplicaSets(hpa.Namespace), target.Name}, nil
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "Deployment"}:
		return scalable{client.AppsV1().Deployments(hpa.Namespace), target.Name}, nil
	}
	return scalable{}, &meta.NoKindMatchError{GroupKind: kind}
}

func (s scalable) get(ctx context.Context) (*autoscalingv1.Scale, error) {
	return s.scales.GetScale(ctx, s.name, metav1.GetOptions{})
}

// resize gives the target so many replicas, whatever else has changed of it.
func (s scalable) resize(ctx context.Context, replicas int32) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		scale, err := s.get(ctx)
		if err != nil {
			return err
		}
		scale.Spec.Replicas = replicas
		_, err = s.scales.UpdateScale(ctx, s.name, scale, metav1.UpdateOptions{})
		return err
	})
}
