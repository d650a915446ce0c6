package kind

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// newDeployment is a small good Deployment, defaulted, after change has been made to it.
func newDeployment(change func(d *appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
			},
		},
	}
	if change != nil {
		change(d)
	}
	defaultDeployment(d)
	return d
}

// rolling is a rolling update of which both ends are said.
func rolling(unavailable, surge intstr.IntOrString) appsv1.DeploymentStrategy {
	return appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &unavailable, MaxSurge: &surge}}
}

func TestDeploymentDefaults(t *testing.T) {
	d := newDeployment(nil)
	compare(t, ptr.To[int32](1), d.Spec.Replicas)
	compare(t, ptr.To[int32](10), d.Spec.RevisionHistoryLimit)
	compare(t, ptr.To[int32](600), d.Spec.ProgressDeadlineSeconds)
	compare(t, rolling(intstr.FromString("25%"), intstr.FromString("25%")), d.Spec.Strategy)
	compare(t, corev1.RestartPolicyAlways, d.Spec.Template.Spec.RestartPolicy)

	half := newDeployment(func(d *appsv1.Deployment) {
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: ptr.To(intstr.FromInt32(0))}
	})
	compare(t, rolling(intstr.FromString("25%"), intstr.FromInt32(0)), half.Spec.Strategy)

	recreate := appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	compare(t, recreate, newDeployment(func(d *appsv1.Deployment) { d.Spec.Strategy = recreate }).Spec.Strategy)
}

func TestDeploymentCreation(t *testing.T) {
	number, text := intstr.FromInt32, intstr.FromString
	const notPercent = `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`
	for _, c := range []struct {
		name   string
		change func(d *appsv1.Deployment)
		want   []string
	}{
		{"zero replicas", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](0) }, nil},
		{"negative replicas", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](-1) },
			[]string{`spec.replicas: Invalid value: -1: must be greater than or equal to 0`}},
		{"empty selector", func(d *appsv1.Deployment) { d.Spec.Selector = &metav1.LabelSelector{} },
			[]string{`spec.selector: Invalid value: {}: empty selector is invalid for deployment`}},
		{"other labels", func(d *appsv1.Deployment) { d.Spec.Selector.MatchLabels["app"] = "db" },
			[]string{"spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"}},
		{"bad selector, and what follows", func(d *appsv1.Deployment) {
			d.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}
			d.Spec.RevisionHistoryLimit = ptr.To[int32](-1)
		}, []string{
			`spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`,
			`spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Like"}]}: invalid label selector`,
			`spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0`,
		}},
		{"unknown strategy", func(d *appsv1.Deployment) { d.Spec.Strategy.Type = "Canary" },
			[]string{`spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"`}},
		{"recreate with steps", func(d *appsv1.Deployment) {
			d.Spec.Strategy = rolling(number(1), number(1))
			d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
		}, []string{"spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"}},
		{"no room for a step", func(d *appsv1.Deployment) { d.Spec.Strategy = rolling(number(0), text("0%")) },
			[]string{"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"}},
		{"negative steps", func(d *appsv1.Deployment) { d.Spec.Strategy = rolling(number(-1), number(-2)) }, []string{
			`spec.strategy.rollingUpdate.maxUnavailable: Invalid value: -1: must be greater than or equal to 0`,
			`spec.strategy.rollingUpdate.maxSurge: Invalid value: -2: must be greater than or equal to 0`,
		}},
		{"no percentage", func(d *appsv1.Deployment) { d.Spec.Strategy = rolling(number(1), text("few")) },
			[]string{`spec.strategy.rollingUpdate.maxSurge: Invalid value: "few": ` + notPercent}},
		{"more than all unavailable", func(d *appsv1.Deployment) { d.Spec.Strategy = rolling(text("101%"), text("200%")) },
			[]string{`spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%`}},
		{"a deadline before readiness counts", func(d *appsv1.Deployment) {
			d.Spec.MinReadySeconds, d.Spec.ProgressDeadlineSeconds = 30, ptr.To[int32](30)
		}, []string{`spec.progressDeadlineSeconds: Invalid value: 30: must be greater than minReadySeconds`}},
		{"negative readiness time", func(d *appsv1.Deployment) { d.Spec.MinReadySeconds = -1 },
			[]string{`spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0`}},
		{"never restarted", func(d *appsv1.Deployment) { d.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever },
			[]string{`spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`}},
		{"bad name", func(d *appsv1.Deployment) { d.Name = "Web" }, []string{`metadata.name: Invalid value: "Web": ` + domainText}},
	} {
		t.Run(c.name, func(t *testing.T) {
			compare(t, c.want, texts(Deployment.Validate(newDeployment(c.change))))
		})
	}
}

func TestDeploymentUpdate(t *testing.T) {
	old := newDeployment(nil)
	old.ResourceVersion, old.Generation, old.Status.Replicas = "1", 2, 1
	for name, c := range map[string]struct {
		change     func(d *appsv1.Deployment)
		generation int64
		want       []string
	}{
		"the spec counts":             {func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](5) }, 3, nil},
		"annotations count":           {func(d *appsv1.Deployment) { d.Annotations = map[string]string{"a": "b"} }, 3, nil},
		"labels do not":               {func(d *appsv1.Deployment) { d.Labels = map[string]string{"a": "b"} }, 2, nil},
		"the status is left as it is": {func(d *appsv1.Deployment) { d.Status = appsv1.DeploymentStatus{} }, 2, nil},
		"the selector stays": {func(d *appsv1.Deployment) {
			d.Spec.Selector.MatchLabels["tier"], d.Spec.Template.Labels["tier"] = "front", "front"
		}, 3, []string{`spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"front"}}: field is immutable`}},
	} {
		t.Run(name, func(t *testing.T) {
			d := old.DeepCopy()
			c.change(d)
			Deployment.PrepareUpdate(d, old)
			compare(t, c.want, texts(Deployment.ValidateUpdate(d, old)))
			compare(t, c.generation, d.Generation)
			compare(t, old.Status, d.Status)
		})
	}
}

func TestDeploymentStatus(t *testing.T) {
	old := newDeployment(nil)
	old.ResourceVersion, old.Status.CollisionCount = "1", ptr.To[int32](2)
	d := old.DeepCopy()
	d.Spec.Replicas, d.Labels, d.Annotations = ptr.To[int32](9), map[string]string{"a": "b"}, map[string]string{"deployment.kubernetes.io/revision": "1"}
	d.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 2, AvailableReplicas: 1, UnavailableReplicas: -1, CollisionCount: ptr.To[int32](1)}
	Deployment.Status.PrepareUpdate(d, old)
	compare(t, old.Spec, d.Spec)
	compare(t, old.Labels, d.Labels)
	compare(t, map[string]string{"deployment.kubernetes.io/revision": "1"}, d.Annotations)
	compare(t, []string{
		`status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0`,
		`status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas`,
		`status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas`,
		`status.collisionCount: Invalid value: 1: cannot be decremented`,
	}, texts(Deployment.Status.ValidateUpdate(d, old)))
}

func TestDeploymentRow(t *testing.T) {
	d := newDeployment(func(d *appsv1.Deployment) {
		d.Spec.Replicas = ptr.To[int32](3)
		d.Status = appsv1.DeploymentStatus{Replicas: 4, ReadyReplicas: 2, UpdatedReplicas: 1, AvailableReplicas: 2}
	})
	compare(t, []any{"web", "2/3", int64(1), int64(2), "<unknown>", "app", "app:1", "app=web"}, Deployment.Row(d))
}
