package kind

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestNarrowedAffinity: a Pod behind a gate may ask for more of its node, not for something else.
func TestNarrowedAffinity(t *testing.T) {
	in := func(key string, values ...string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
	}
	affinity := func(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}}
	}
	term := func(requirements ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: requirements}
	}
	const at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
	for _, c := range []struct {
		name        string
		before, now *corev1.Affinity
		want        []string
	}{
		{"first requirement", nil, affinity(term(in("disk", "ssd"))), nil},
		{"further requirement", affinity(term(in("disk", "ssd"))), affinity(term(in("disk", "ssd"), in("zone", "a"))), nil},
		{"other requirement", affinity(term(in("disk", "ssd"))), affinity(term(in("disk", "hdd"))),
			[]string{at + `[0]: Invalid value: {"MatchExpressions":[{"Key":"disk","Operator":"In","Values":["hdd"]}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`}},
		{"further alternative", affinity(term(in("disk", "ssd"))), affinity(term(in("disk", "ssd")), term(in("zone", "a"))),
			[]string{at + `: Invalid value: [{"MatchExpressions":[{"Key":"disk","Operator":"In","Values":["ssd"]}],"MatchFields":null},{"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["a"]}],"MatchFields":null}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := newPod(func(pod *corev1.Pod) {
				pod.ResourceVersion = "1"
				pod.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}}
				pod.Spec.Affinity = c.before
			})
			pod := old.DeepCopy()
			pod.Spec.Affinity = c.now
			compare(t, c.want, texts(validatePodUpdate(pod, old)))
		})
	}
}

func TestTemplateWarnings(t *testing.T) {
	rs := newReplicaSet(func(rs *appsv1.ReplicaSet) {
		rs.Name = "a.b"
		template := &rs.Spec.Template
		template.Annotations = map[string]string{corev1.SeccompPodAnnotationKey: "unconfined", "scheduler.alpha.kubernetes.io/critical-pod": ""}
		template.Spec.Affinity = &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
				Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: "beta.kubernetes.io/arch", Operator: corev1.NodeSelectorOpIn, Values: []string{"a b"},
				}}},
			}}},
			PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "zone"}}},
		}
		template.Spec.HostAliases = []corev1.HostAlias{{IP: "10.0.0.1"}, {IP: "10.0.0.1"}}
		template.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{}}
		template.Spec.Volumes = []corev1.Volume{{Name: "g", VolumeSource: corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "r"}}}}
		template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}}
	})
	want := []string{
		`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]`,
		`spec.template.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead`,
		`spec.template.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[0]: a b is invalid, ` + valueText,
		`spec.template.spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod`,
		`spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead`,
		`spec.template.spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+`,
		`spec.template.spec.hostAliases[1].ip: duplicate ip "10.0.0.1"`,
		`spec.template.spec.imagePullSecrets[0].name: invalid empty name ""`,
		`spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead`,
		`spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod`,
	}
	compare(t, want, ReplicaSet.Warn(rs, nil))

	old := rs.DeepCopy()
	compare(t, []string(nil), ReplicaSet.Warn(rs, old))
	rs.Generation++
	compare(t, want[1:], ReplicaSet.Warn(rs, old))
	compare(t, []string(nil), ReplicaSet.Warn(newReplicaSet(func(rs *appsv1.ReplicaSet) { rs.Labels = nil; rs.ObjectMeta = metav1.ObjectMeta{Name: "web"} }), nil))
}
