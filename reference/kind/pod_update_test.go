package kind

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func compare(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const mayNotChange = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"

func TestPodUpdate(t *testing.T) {
	gated := func(pod *corev1.Pod) {
		pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}}
		pod.Spec.NodeSelector = map[string]string{"disk": "ssd"}
	}
	for _, c := range []struct {
		name         string
		have, change func(pod *corev1.Pod)
		want         []string
	}{
		{"image", nil, func(pod *corev1.Pod) { pod.Spec.Containers[0].Image = "app:2" }, nil},
		{"no image", nil, func(pod *corev1.Pod) { pod.Spec.Containers[0].Image = "" },
			[]string{`spec.containers[0].image: Required value`, `spec.containers[0].image: Required value`}},
		{"labels", nil, func(pod *corev1.Pod) { pod.Labels = map[string]string{"a": "b"} }, nil},
		{"name", nil, func(pod *corev1.Pod) { pod.Name = "other" }, []string{`metadata.name: Invalid value: "other": field is immutable`}},
		{"restart policy", nil, func(pod *corev1.Pod) { pod.Spec.RestartPolicy = corev1.RestartPolicyNever }, []string{mayNotChange +
			"@@ -35,7 +35,7 @@\n   }\n  ],\n  \"EphemeralContainers\": null,\n- \"RestartPolicy\": \"Always\",\n+ \"RestartPolicy\": \"Never\",\n" +
			"  \"TerminationGracePeriodSeconds\": 30,\n  \"ActiveDeadlineSeconds\": null,\n  \"DNSPolicy\": \"ClusterFirst\",\n"}},
		{"one container more", nil, func(pod *corev1.Pod) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "b", Image: "b:1"})
		}, []string{`spec.containers: Forbidden: pod updates may not add or remove containers`}},
		{"deadline", nil, func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = ptr.To[int64](9) }, nil},
		{"later deadline", func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = ptr.To[int64](9) },
			func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = ptr.To[int64](10) },
			[]string{`spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value`}},
		{"no deadline any more", func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = ptr.To[int64](9) },
			func(pod *corev1.Pod) { pod.Spec.ActiveDeadlineSeconds = nil },
			[]string{`spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value`}},
		{"further toleration", nil, func(pod *corev1.Pod) {
			pod.Spec.Tolerations = []corev1.Toleration{{Key: "a", Operator: corev1.TolerationOpExists}}
		}, nil},
		{"less tolerations", func(pod *corev1.Pod) {
			pod.Spec.Tolerations = []corev1.Toleration{{Key: "a", Operator: corev1.TolerationOpExists}}
		}, func(pod *corev1.Pod) { pod.Spec.Tolerations = nil },
			[]string{`spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds`}},
		{"gate opened", gated, func(pod *corev1.Pod) { pod.Spec.SchedulingGates = nil }, nil},
		{"new gate", nil, func(pod *corev1.Pod) { pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "b"}} },
			[]string{`spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'`}},
		{"narrower before the gate", gated, func(pod *corev1.Pod) { pod.Spec.NodeSelector["zone"] = "a" }, nil},
		{"elsewhere before the gate", gated, func(pod *corev1.Pod) { pod.Spec.NodeSelector["disk"] = "hdd" },
			[]string{`spec.nodeSelector: Invalid value: {"disk":"hdd"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)`}},
		{"AppArmor annotation", nil, func(pod *corev1.Pod) {
			pod.Annotations = map[string]string{appArmorAnnotation + "app": "unconfined"}
		}, []string{`metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]: Forbidden: may not add AppArmor annotations`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := newPod(c.have)
			old.ResourceVersion = "1"
			pod := old.DeepCopy()
			c.change(pod)
			defaultPod(pod)
			compare(t, c.want, texts(validatePodUpdate(pod, old)))
		})
	}
}

func TestEphemeralContainers(t *testing.T) {
	old := newPod(nil)
	old.ResourceVersion = "1"
	pod := old.DeepCopy()
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "tools:1"}}}
	defaultPod(pod)
	compare(t, []string(nil), texts(ValidateEphemeralContainers(pod, old)))
	compare(t, []string{"spec.ephemeralContainers: Forbidden: existing ephemeral containers \"debug\" may not be removed\n"}, texts(ValidateEphemeralContainers(old, pod)))
}

func TestBinding(t *testing.T) {
	for target, want := range map[corev1.ObjectReference][]string{
		{Kind: "Node", Name: "n1"}: nil,
		{Name: "n1"}:               nil,
		{Kind: "Pod", Name: "n1"}:  {`target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"`},
		{Kind: "Node"}:             {`target.name: Required value`},
		{Name: "N"}:                {`target.name: Invalid value: "N": ` + domainText},
	} {
		compare(t, want, texts(ValidateBinding(&corev1.Binding{Target: target})))
	}
}

func TestPodStatusUpdate(t *testing.T) {
	ended := func(code int32) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}}
	}
	running := []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	const again = "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"
	for _, c := range []struct {
		name        string
		policy      corev1.RestartPolicy
		before, now corev1.PodStatus
		want        []string
	}{
		{"restarted", corev1.RestartPolicyAlways, corev1.PodStatus{ContainerStatuses: ended(0)}, corev1.PodStatus{ContainerStatuses: running}, nil},
		{"restarted, never to be", corev1.RestartPolicyNever, corev1.PodStatus{ContainerStatuses: ended(1)}, corev1.PodStatus{ContainerStatuses: running}, []string{again}},
		{"restarted after a failure", corev1.RestartPolicyOnFailure, corev1.PodStatus{ContainerStatuses: ended(1)}, corev1.PodStatus{ContainerStatuses: running}, nil},
		{"restarted after success", corev1.RestartPolicyOnFailure, corev1.PodStatus{ContainerStatuses: ended(0)}, corev1.PodStatus{ContainerStatuses: running}, []string{again}},
		{"address", "", corev1.PodStatus{}, corev1.PodStatus{PodIP: "10.244.0.5", PodIPs: []corev1.PodIP{{IP: "10.244.0.5"}}}, nil},
		{"no address", "", corev1.PodStatus{}, corev1.PodStatus{PodIP: "there", PodIPs: []corev1.PodIP{{IP: "there"}}},
			[]string{`status.podIPs[0]: Invalid value: "there": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`}},
		{"two of one family", "", corev1.PodStatus{}, corev1.PodStatus{PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}, {IP: "10.0.0.2"}}},
			[]string{`status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family`}},
		{"class", "", corev1.PodStatus{QOSClass: corev1.PodQOSBestEffort}, corev1.PodStatus{QOSClass: corev1.PodQOSGuaranteed},
			[]string{`status.qosClass: Invalid value: "Guaranteed": field is immutable`}},
		{"condition", "", corev1.PodStatus{}, corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: "a b"}}},
			[]string{`status.conditions[0].Type: Invalid value: "a b": ` + nameText}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := newPod(func(pod *corev1.Pod) { pod.Spec.RestartPolicy, pod.ResourceVersion = c.policy, "1" })
			old.Status = c.before
			pod := old.DeepCopy()
			pod.Status = c.now
			preparePodStatus(pod, old)
			compare(t, c.want, texts(validatePodStatusUpdate(pod, old)))
		})
	}
}

func TestPodStatusKeepsTheRest(t *testing.T) {
	old := newPod(func(pod *corev1.Pod) { pod.OwnerReferences = []metav1.OwnerReference{{Name: "rs"}} })
	old.Status.QOSClass = corev1.PodQOSBestEffort
	pod := old.DeepCopy()
	pod.Spec.NodeName, pod.OwnerReferences, pod.Status = "n1", nil, corev1.PodStatus{Phase: corev1.PodRunning}
	Pod.Status.PrepareUpdate(pod, old)
	want := old.DeepCopy()
	want.Status = corev1.PodStatus{Phase: corev1.PodRunning, QOSClass: corev1.PodQOSBestEffort}
	compare(t, want, pod)
}
