package steps

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
)

// TestByAdmission: what is set up in a cluster refuses in its own words, and Kubernetes in others.
func TestByAdmission(t *testing.T) {
	for answer, want := range map[string]bool{
		`403 Forbidden: pods "app" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes (volume "tmp")`: true,
		`400 BadRequest: admission webhook "validate.kyverno.svc-fail" denied the request: no latest tags`:                true,
		`422 Invalid: pods "app" is forbidden: ValidatingAdmissionPolicy 'limits' with binding 'all' denied request: no`:  true,
		`422 Invalid: Pod "app" is invalid: spec.containers: Required value`:                                              false,
		`403 Forbidden: pods is forbidden: User "u" cannot create resource "pods"`:                                        false,
	} {
		if got := byAdmission(answer); got != want {
			t.Errorf("%s: %v, want %v", answer, got, want)
		}
	}
}

// TestFilledIn: what Kubernetes itself fills in is nobody's doing, and what else is there is.
func TestFilledIn(t *testing.T) {
	tolerated := func(seconds int64) []corev1.Toleration {
		return []corev1.Toleration{
			{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds},
			{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds},
		}
	}
	for name, c := range map[string]struct {
		change func(*corev1.Pod)
		want   []string
	}{
		"nothing":               {func(*corev1.Pod) {}, nil},
		"nothing is tolerated":  {func(p *corev1.Pod) { p.Spec.Tolerations = nil }, nil},
		"a minute is tolerated": {func(p *corev1.Pod) { p.Spec.Tolerations = tolerated(60) }, []string{"spec.tolerations"}},
		"a class of its own":    {func(p *corev1.Pod) { p.Spec.PriorityClassName, p.Spec.Priority = "usual", ptr.To[int32](10) }, []string{"spec.priority"}},
		"every image is pulled": {func(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways }, []string{"imagePullPolicy of container app"}},
		"a container beside it": {func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"}) }, []string{"spec.containers"}},
		"something is requested": {func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1")}
		}, []string{"resources of container app"}},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{
			Tolerations: tolerated(300), Priority: ptr.To[int32](0),
			Containers: []corev1.Container{{Name: "app", Image: "example.com/app:1", ImagePullPolicy: corev1.PullNever}},
		}}
		c.change(pod)
		if got := filledIn(pod); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
