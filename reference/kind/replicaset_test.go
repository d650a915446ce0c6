package kind

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestReplicaSetDefaults(t *testing.T) {
	rs := newReplicaSet(func(rs *appsv1.ReplicaSet) {
		rs.Spec.Selector = nil
		rs.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")}
	})
	compare(t, ptr.To[int32](1), rs.Spec.Replicas)
	compare(t, (*metav1.LabelSelector)(nil), rs.Spec.Selector)
	compare(t, corev1.ResourceList(nil), rs.Spec.Template.Spec.Containers[0].Resources.Requests)
	compare(t, corev1.RestartPolicyAlways, rs.Spec.Template.Spec.RestartPolicy)
}

func TestReplicaSetCreation(t *testing.T) {
	const mismatch = "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"
	for _, c := range []struct {
		name   string
		change func(rs *appsv1.ReplicaSet)
		want   []string
	}{
		{"zero replicas", func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = ptr.To[int32](0) }, nil},
		{"negative replicas", func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = ptr.To[int32](-1) },
			[]string{`spec.replicas: Invalid value: -1: must be greater than or equal to 0`}},
		{"negative readiness time", func(rs *appsv1.ReplicaSet) { rs.Spec.MinReadySeconds = -1 },
			[]string{`spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0`}},
		{"no selector", func(rs *appsv1.ReplicaSet) { rs.Spec.Selector = nil }, []string{`spec.selector: Required value`, mismatch}},
		{"empty selector", func(rs *appsv1.ReplicaSet) { rs.Spec.Selector = &metav1.LabelSelector{} },
			[]string{`spec.selector: Invalid value: {}: empty selector is invalid for deployment`}},
		{"other labels", func(rs *appsv1.ReplicaSet) { rs.Spec.Selector.MatchLabels["app"] = "db" }, []string{mismatch}},
		{"bad selector", func(rs *appsv1.ReplicaSet) {
			rs.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}
		}, []string{
			`spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`,
			`spec.selector: Invalid value: {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"app","operator":"Like"}]}: invalid label selector`,
		}},
		{"never restarted", func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever },
			[]string{`spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`}},
		{"with a deadline", func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.ActiveDeadlineSeconds = ptr.To[int64](5) },
			[]string{`spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported`}},
		{"bad template", func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.Containers[0].Name = "" },
			[]string{`spec.template.spec.containers[0].name: Required value`}},
		{"space around the image, which only Pods refuse", func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.Containers[0].Image = " app" }, nil},
		{"bad name", func(rs *appsv1.ReplicaSet) { rs.Name = "Web" }, []string{`metadata.name: Invalid value: "Web": ` + domainText}},
		{"bad finalizer", func(rs *appsv1.ReplicaSet) { rs.Finalizers = []string{"mine"} },
			[]string{`metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			compare(t, c.want, texts(ReplicaSet.Validate(newReplicaSet(c.change))))
		})
	}
}

func TestReplicaSetUpdate(t *testing.T) {
	old := newReplicaSet(nil)
	old.ResourceVersion, old.Generation, old.Status.Replicas = "1", 2, 1

	rs := old.DeepCopy()
	rs.Spec.Selector.MatchLabels["tier"], rs.Spec.Template.Labels["tier"] = "front", "front"
	compare(t, []string{`spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"front"}}: field is immutable`}, texts(ReplicaSet.ValidateUpdate(rs, old)))

	rs = old.DeepCopy()
	rs.Spec.Replicas, rs.Status = ptr.To[int32](5), appsv1.ReplicaSetStatus{}
	ReplicaSet.PrepareUpdate(rs, old)
	compare(t, []string(nil), texts(ReplicaSet.ValidateUpdate(rs, old)))
	compare(t, int64(3), rs.Generation)
	compare(t, old.Status, rs.Status)

	rs = old.DeepCopy()
	rs.Labels = map[string]string{"a": "b"}
	ReplicaSet.PrepareUpdate(rs, old)
	compare(t, int64(2), rs.Generation)
}

func TestReplicaSetStatus(t *testing.T) {
	old := newReplicaSet(nil)
	old.ResourceVersion = "1"
	rs := old.DeepCopy()
	rs.Spec.Replicas = ptr.To[int32](9)
	rs.Status = appsv1.ReplicaSetStatus{Replicas: 1, ReadyReplicas: 2, AvailableReplicas: -1}
	ReplicaSet.Status.PrepareUpdate(rs, old)
	compare(t, old.Spec, rs.Spec)
	compare(t, []string{
		`status.availableReplicas: Invalid value: -1: must be greater than or equal to 0`,
		`status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas`,
	}, texts(ReplicaSet.Status.ValidateUpdate(rs, old)))
	rs.Status = appsv1.ReplicaSetStatus{Replicas: 2, ReadyReplicas: 1, AvailableReplicas: 1, FullyLabeledReplicas: 2}
	compare(t, []string(nil), texts(ReplicaSet.Status.ValidateUpdate(rs, old)))
}

func TestReplicaSetRow(t *testing.T) {
	rs := newReplicaSet(func(rs *appsv1.ReplicaSet) {
		rs.Spec.Replicas = ptr.To[int32](3)
		rs.Status = appsv1.ReplicaSetStatus{Replicas: 2, ReadyReplicas: 1}
		rs.Spec.Template.Spec.Containers = append(rs.Spec.Template.Spec.Containers, corev1.Container{Name: "log", Image: "log:2"})
	})
	compare(t, []any{"web", int64(3), int64(2), int64(1), "<unknown>", "app,log", "app:1,log:2", "app=web"}, ReplicaSet.Row(rs))
}
