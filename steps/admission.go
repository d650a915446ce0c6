package steps

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What is set up in somebody's cluster may refuse Pods, or fill in fields that Kubernetes leaves empty.

func admissionSentences(sc vocabulary) {
	sc.Step(`^the cluster leaves Pods as they are written$`, podsAreLeft)
}

// byAdmission says whether it was what somebody set up in their cluster that refused an object, and not Kubernetes itself: standards that are
// enforced in spite of the namespace's labels, a policy, a webhook, a server without --allow-privileged.
func byAdmission(answer string) bool {
	for _, words := range []string{"violates PodSecurity", "denied the request", "ValidatingAdmissionPolicy ", "disallowed by cluster policy", "denied by admission control"} {
		if strings.Contains(answer, words) {
			return true
		}
	}
	return false
}

// podsAreLeft shows somebody's cluster a Pod and looks at what comes back; nothing is stored. A run's own cluster has nobody else's admission:
// what it changes is its own mistake.
func podsAreLeft(ctx context.Context) error {
	s, err := from(ctx)
	if err != nil || !s.env.Outlives {
		return err
	}
	shown := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "shown"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "app", Image: "example.com/app:1", ImagePullPolicy: corev1.PullNever}},
	}}
	seen, err := s.typed.CoreV1().Pods(s.namespace).Create(ctx, shown, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil && byAdmission(err.Error()) {
		return &Unsupported{Why: "the cluster's own admission refuses Pods: " + err.Error()}
	}
	if err != nil {
		return environment(fmt.Errorf("show the cluster a Pod: %w", err))
	}
	if changed := filledIn(seen); len(changed) > 0 {
		return &Unsupported{Why: fmt.Sprintf("the cluster's own admission changes Pods: it fills in %s", among(changed))}
	}
	return nil
}

// filledIn names what a Pod that asked for nothing has come to have.
func filledIn(pod *corev1.Pod) []string {
	var changed []string
	note := func(is bool, field string) {
		if is {
			changed = append(changed, field)
		}
	}
	spec := pod.Spec
	note(len(pod.Labels) > 0, "metadata.labels")
	note(len(pod.Annotations) > 0, "metadata.annotations")
	note(!usuallyTolerated(spec.Tolerations), "spec.tolerations")
	note(spec.PriorityClassName != "" || spec.Priority != nil && *spec.Priority != 0, "spec.priority")
	note(len(spec.NodeSelector) > 0, "spec.nodeSelector")
	note(spec.Affinity != nil, "spec.affinity")
	note(spec.RuntimeClassName != nil, "spec.runtimeClassName")
	note(len(spec.InitContainers) > 0, "spec.initContainers")
	note(len(spec.Containers) != 1, "spec.containers")
	for _, c := range spec.Containers {
		note(len(c.Resources.Requests) > 0 || len(c.Resources.Limits) > 0, "resources of container "+c.Name)
		note(len(c.Env) > 0, "env of container "+c.Name)
		note(c.SecurityContext != nil, "securityContext of container "+c.Name)
		note(c.Name == "app" && c.ImagePullPolicy != corev1.PullNever, "imagePullPolicy of container "+c.Name)
	}
	return changed
}

// usuallyTolerated: for five minutes, which the flags of upstream's admission may change, that a node is not ready or not to be reached.
func usuallyTolerated(tolerations []corev1.Toleration) bool {
	for _, t := range tolerations {
		if t.Key != corev1.TaintNodeNotReady && t.Key != corev1.TaintNodeUnreachable || t.TolerationSeconds == nil || *t.TolerationSeconds != 300 {
			return false
		}
	}
	return true
}
