package kind

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/utils/ptr"
)

func TestPodCreation(t *testing.T) {
	pod := newPod(nil)
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "1.2.3.4"}
	Pod.PrepareCreate(pod)
	compare(t, corev1.PodStatus{Phase: corev1.PodPending, QOSClass: corev1.PodQOSBestEffort}, pod.Status)
	compare(t, int64(1), pod.Generation)

	gated := newPod(func(pod *corev1.Pod) { pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}} })
	Pod.PrepareCreate(gated)
	compare(t, corev1.PodReasonSchedulingGated, gated.Status.Conditions[0].Reason)
}

func TestPodGeneration(t *testing.T) {
	old := newPod(nil)
	old.Generation = 3
	pod := old.DeepCopy()
	pod.Labels = map[string]string{"a": "b"}
	Pod.PrepareUpdate(pod, old)
	compare(t, int64(3), pod.Generation)
	pod.Spec.Containers[0].Image = "app:2"
	pod.Status.Phase = corev1.PodFailed
	Pod.PrepareUpdate(pod, old)
	compare(t, int64(4), pod.Generation)
	compare(t, old.Status, pod.Status)
}

func TestQOSClass(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		l := corev1.ResourceList{}
		if cpu != "" {
			l[corev1.ResourceCPU] = resource.MustParse(cpu)
		}
		if memory != "" {
			l[corev1.ResourceMemory] = resource.MustParse(memory)
		}
		return l
	}
	for _, c := range []struct {
		name             string
		requests, limits corev1.ResourceList
		want             corev1.PodQOSClass
	}{
		{"nothing", nil, nil, corev1.PodQOSBestEffort},
		{"limits only", nil, list("1", "1Gi"), corev1.PodQOSGuaranteed},
		{"request below limit", list("500m", "1Gi"), list("1", "1Gi"), corev1.PodQOSBurstable},
		{"memory alone", nil, list("", "1Gi"), corev1.PodQOSBurstable},
		{"request alone", list("500m", ""), nil, corev1.PodQOSBurstable},
	} {
		pod := newPod(func(pod *corev1.Pod) {
			pod.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: c.requests, Limits: c.limits}
		})
		if got := QOSClass(pod); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	two := newPod(func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Resources.Limits = list("1", "1Gi")
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "b", Image: "b:1"})
	})
	compare(t, corev1.PodQOSBurstable, QOSClass(two))
}

func TestGracefulDelete(t *testing.T) {
	for _, c := range []struct {
		name     string
		asked    *int64
		node     string
		phase    corev1.PodPhase
		seconds  int64
		graceful bool
	}{
		{"the Pod's own period", nil, "n1", corev1.PodRunning, 30, true},
		{"the request's", ptr.To[int64](5), "n1", corev1.PodRunning, 5, true},
		{"a negative one", ptr.To[int64](-3), "n1", corev1.PodRunning, 1, true},
		{"none", ptr.To[int64](0), "n1", corev1.PodRunning, 0, true},
		{"on no node", nil, "", corev1.PodPending, 0, true},
		{"ended", ptr.To[int64](5), "n1", corev1.PodSucceeded, 0, true},
	} {
		pod := newPod(func(pod *corev1.Pod) { pod.Spec.NodeName, pod.Status.Phase = c.node, c.phase })
		opts := &metav1.DeleteOptions{GracePeriodSeconds: c.asked}
		if got := Pod.GracefulDelete(pod, opts); got != c.graceful || *opts.GracePeriodSeconds != c.seconds {
			t.Errorf("%s: %v, %d seconds; want %v, %d", c.name, got, *opts.GracePeriodSeconds, c.graceful, c.seconds)
		}
	}
	if Pod.GracefulDelete(newPod(nil), nil) {
		t.Error("a deletion without options waits")
	}
}

func TestPodFields(t *testing.T) {
	pod := newPod(func(pod *corev1.Pod) {
		pod.Spec.NodeName = "n1"
		pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.244.0.2"}
	})
	compare(t, fields.Set{
		"spec.nodeName": "n1", "spec.restartPolicy": "Always", "spec.schedulerName": "default-scheduler", "spec.serviceAccountName": "",
		"spec.hostNetwork": "false", "status.phase": "Running", "status.podIP": "10.244.0.2", "status.nominatedNodeName": "",
	}, Pod.Fields(pod))
}

func TestPodWarnings(t *testing.T) {
	pod := newPod(func(pod *corev1.Pod) {
		pod.Name = "a.b"
		pod.Spec.NodeSelector = map[string]string{"beta.kubernetes.io/os": "linux"}
		c := &pod.Spec.Containers[0]
		c.Env = []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "A", Value: "2"}, {Name: "A", Value: "$(A)3"}}
		c.Resources.Requests = corev1.ResourceList{"memory": resource.MustParse("500m")}
		c.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "web", ContainerPort: 80}}
		pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "c"}, Items: []corev1.KeyToPath{{Key: "a", Path: "x"}, {Key: "b", Path: "x/y"}},
		}}}}
	})
	compare(t, []string{
		`metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]`,
		`spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead`,
		`volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x"`,
		`spec.containers[0].resources.requests[memory]: fractional byte value "500m" is invalid, must be an integer`,
		`spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply`,
		`spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]`,
	}, Pod.Warn(pod, nil))
	if warnings := Pod.Warn(newPod(nil), nil); len(warnings) > 0 {
		t.Errorf("a good Pod is warned of: %q", warnings)
	}
	if warnings := Pod.Warn(pod, pod); len(warnings) > 0 {
		t.Errorf("an update is warned of: %q", warnings)
	}
}
