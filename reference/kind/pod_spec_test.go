package kind

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestPodSpec(t *testing.T) {
	runSpecCases(t, []specCase{
		{"unknown restart policy", func(s *corev1.PodSpec) { s.RestartPolicy = "Sometimes" },
			[]string{`spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"`}},
		{"never restarted", func(s *corev1.PodSpec) { s.RestartPolicy = corev1.RestartPolicyNever }, nil},
		{"grace period", func(s *corev1.PodSpec) { s.TerminationGracePeriodSeconds = ptr.To[int64](0) }, nil},
		{"negative grace period becomes 1", func(s *corev1.PodSpec) { s.TerminationGracePeriodSeconds = ptr.To[int64](-5) }, nil},
		{"deadline", func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](60) }, nil},
		{"deadline of 0", func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](0) },
			[]string{`spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive`}},
		{"node selector", func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"disk": "ssd"} }, nil},
		{"bad node selector", func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"disk": "s s d"} },
			[]string{`spec.nodeSelector: Invalid value: "s s d": ` + valueText}},
		{"host name", func(s *corev1.PodSpec) { s.Hostname, s.Subdomain = "a", "b" }, nil},
		{"bad host name", func(s *corev1.PodSpec) { s.Hostname, s.Subdomain = "A", "b.c" }, []string{
			`spec.hostname: Invalid value: "A": ` + labelText,
			`spec.subdomain: Invalid value: "b.c": must not contain dots`,
		}},
		{"bad node and account", func(s *corev1.PodSpec) { s.NodeName, s.ServiceAccountName = "N", "S" }, []string{
			`spec.serviceAccountName: Invalid value: "S": ` + domainText,
			`spec.nodeName: Invalid value: "N": ` + domainText,
		}},
		{"host aliases", func(s *corev1.PodSpec) {
			s.HostAliases = []corev1.HostAlias{{IP: "10.0.0.1", Hostnames: []string{"db"}}}
		}, nil},
		{"bad host aliases", func(s *corev1.PodSpec) { s.HostAliases = []corev1.HostAlias{{IP: "db", Hostnames: []string{"D"}}} }, []string{
			`spec.hostAliases[0].ip: Invalid value: "db": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
			`spec.hostAliases[0].hostnames[0]: Invalid value: "D": ` + domainText,
		}},
		{"DNS of its own", func(s *corev1.PodSpec) {
			s.DNSPolicy = corev1.DNSNone
			s.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"10.0.0.10"}, Searches: []string{"svc.local."}}
		}, nil},
		{"no DNS at all", func(s *corev1.PodSpec) { s.DNSPolicy = corev1.DNSNone },
			[]string{"spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"}},
		{"too many nameservers", func(s *corev1.PodSpec) {
			s.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"}, Options: []corev1.PodDNSConfigOption{{}}}
		}, []string{
			`spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers`,
			`spec.dnsConfig.options[0]: Required value: must not be empty`,
		}},
		{"readiness gate", func(s *corev1.PodSpec) { s.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "a b"}} },
			[]string{`spec.readinessGates[0].conditionType: Invalid value: "a b": ` + nameText}},
		{"shared processes and the host's", func(s *corev1.PodSpec) { s.HostPID, s.ShareProcessNamespace = true, ptr.To(true) },
			[]string{`spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled`}},
		{"own users on the host's network", func(s *corev1.PodSpec) { s.HostNetwork, s.HostUsers = true, ptr.To(false) },
			[]string{"spec.hostNetwork: Forbidden: when `hostUsers` is false"}},
		{"sysctl", func(s *corev1.PodSpec) {
			s.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.tcp_syncookies", Value: "1"}}}
		}, nil},
		{"the host's sysctl", func(s *corev1.PodSpec) {
			s.HostNetwork = true
			s.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.tcp_syncookies", Value: "1"}}}
		}, []string{`spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.tcp_syncookies": may not be specified when 'hostNetwork' is true`}},
		{"for Windows, by Linux' means", func(s *corev1.PodSpec) {
			s.OS = &corev1.PodOS{Name: corev1.Windows}
			s.HostPID = true
		}, []string{`spec.hostPID: Forbidden: cannot be set for a windows pod`}},
		{"for an unknown system", func(s *corev1.PodSpec) { s.OS = &corev1.PodOS{Name: "plan9"} },
			[]string{`spec.os: Unsupported value: "plan9": supported values: "linux", "windows"`}},
	})
}

func TestScheduling(t *testing.T) {
	tolerate := func(t corev1.Toleration) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{t} }
	}
	require := func(r corev1.NodeSelectorRequirement) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{r}}},
			}}}
		}
	}
	near := func(term corev1.WeightedPodAffinityTerm) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{term}}}
		}
	}
	spread := func(constraints ...corev1.TopologySpreadConstraint) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) { s.TopologySpreadConstraints = constraints }
	}
	const nodeTerm = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"
	const podTerm = "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]"
	runSpecCases(t, []specCase{
		{"toleration", tolerate(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpExists}), nil},
		{"toleration of everything", tolerate(corev1.Toleration{Operator: corev1.TolerationOpExists}), nil},
		{"toleration of nothing", tolerate(corev1.Toleration{}),
			[]string{"spec.tolerations[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \"match all values and all keys\""}},
		{"toleration of a value that exists", tolerate(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpExists, Value: "b"}),
			[]string{"spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"}},
		{"toleration for a time of what does not evict", tolerate(corev1.Toleration{Key: "a", Effect: corev1.TaintEffectNoSchedule, TolerationSeconds: ptr.To[int64](3)}),
			[]string{"spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"}},
		{"unknown effect and operator", tolerate(corev1.Toleration{Key: "a", Operator: "Is", Effect: "Explode"}), []string{
			`spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"`,
			`spec.tolerations[0].effect: Unsupported value: "Explode": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`,
		}},
		{"node affinity", require(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{"ssd"}}), nil},
		{"in nothing", require(corev1.NodeSelectorRequirement{Key: "disk", Operator: corev1.NodeSelectorOpIn}),
			[]string{nodeTerm + ".values: Required value: must be specified when `operator` is 'In' or 'NotIn'"}},
		{"unknown node operator", require(corev1.NodeSelectorRequirement{Key: "disk", Operator: "Like"}),
			[]string{nodeTerm + `.operator: Invalid value: "Like": not a valid selector operator`}},
		{"no alternative", func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{}}}
		}, []string{"spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term"}},
		{"Pod affinity", near(corev1.WeightedPodAffinityTerm{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: "zone"}}), nil},
		{"Pod affinity of no weight, in no place", near(corev1.WeightedPodAffinityTerm{}), []string{
			podTerm + ".weight: Invalid value: 0: must be in the range 1-100",
			podTerm + ".podAffinityTerm.topologyKey: Required value: can not be empty",
			podTerm + `.podAffinityTerm.topologyKey: Invalid value: "": name part must be non-empty`,
			podTerm + `.podAffinityTerm.topologyKey: Invalid value: "": ` + nameText,
		}},
		{"spread", spread(corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: &metav1.LabelSelector{}}), nil},
		{"bad spread", spread(corev1.TopologySpreadConstraint{WhenUnsatisfiable: "Cry"}), []string{
			`spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero`,
			`spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty`,
			`spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Cry": supported values: "DoNotSchedule", "ScheduleAnyway"`,
		}},
		{"spread twice", spread(
			corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule},
			corev1.TopologySpreadConstraint{MaxSkew: 2, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule},
		), []string{`spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`}},
		{"gate", func(s *corev1.PodSpec) { s.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/quota"}} }, nil},
		{"gates on a node", func(s *corev1.PodSpec) {
			s.NodeName = "n1"
			s.SchedulingGates = []corev1.PodSchedulingGate{{Name: "a"}, {Name: "a"}}
		}, []string{
			`spec.schedulingGates[1]: Duplicate value: "a"`,
			`spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared`,
		}},
	})
}

func TestVolumes(t *testing.T) {
	volume := func(source corev1.VolumeSource) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) { s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: source}} }
	}
	configMap := corev1.LocalObjectReference{Name: "settings"}
	runSpecCases(t, []specCase{
		{"emptyDir", volume(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}), nil},
		{"no name", func(s *corev1.PodSpec) { s.Volumes = []corev1.Volume{{}} }, []string{`spec.volumes[0].name: Required value`}},
		{"two of one name", func(s *corev1.PodSpec) { s.Volumes = []corev1.Volume{{Name: "v"}, {Name: "v"}} },
			[]string{`spec.volumes[1].name: Duplicate value: "v"`}},
		{"two sources", volume(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}, HostPath: &corev1.HostPathVolumeSource{}}),
			[]string{`spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type`}},
		{"hostPath", volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/srv", Type: ptr.To(corev1.HostPathDirectory)}}), nil},
		{"hostPath to nowhere", volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}), []string{`spec.volumes[0].hostPath.path: Required value`}},
		{"hostPath upwards, of an unknown type", volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/a/../b", Type: ptr.To(corev1.HostPathType("Pipe"))}}), []string{
			`spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
			`spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
		}},
		{"config map", volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: configMap, Items: []corev1.KeyToPath{{Key: "a", Path: "b/c"}},
		}}), nil},
		{"bad config map", volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			DefaultMode: ptr.To[int32](01000), Items: []corev1.KeyToPath{{Path: "..c"}},
		}}), []string{
			`spec.volumes[0].configMap.name: Required value`,
			`spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`,
			`spec.volumes[0].configMap.items[0].key: Required value`,
			`spec.volumes[0].configMap.items[0].path: Invalid value: "..c": must not start with '..'`,
		}},
		{"secret", volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}}), nil},
		{"no secret", volume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}), []string{`spec.volumes[0].secret.secretName: Required value`}},
		{"downward API", volume(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}},
		}}}), nil},
		{"downward API of nothing", volume(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{{}}}}), []string{
			`spec.volumes[0].downwardAPI.path: Required value`,
			`spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
		}},
		{"projected", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: configMap, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Items: []corev1.KeyToPath{{Key: "a", Path: "b"}}}},
		}}}), nil},
		{"projected twice to one file", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: configMap, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Items: []corev1.KeyToPath{{Key: "a", Path: "a"}}}},
		}}}), []string{`spec.volumes[0].projected: Invalid value: "s": conflicting duplicate paths`}},
		{"a token of nobody", volume(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr.To[int64](60)}},
		}}}), []string{
			`spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
			`spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`,
		}},
		{"claim", volume(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}),
			[]string{`spec.volumes[0].persistentVolumeClaim.claimName: Required value`}},
		{"nfs", volume(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "a"}}),
			[]string{`spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path`}},
		{"ephemeral", volume(corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}),
			[]string{`spec.volumes[0].ephemeral.volumeClaimTemplate: Required value`}},
	})
}

func TestPodAnnotations(t *testing.T) {
	for _, c := range []struct {
		name, key, value string
		want             []string
	}{
		{"deletion cost", corev1.PodDeletionCost, "-10", nil},
		{"deletion cost with a plus", corev1.PodDeletionCost, "+10",
			[]string{`metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+10": must be a 32bit integer`}},
		{"deletion cost with leading zeros", corev1.PodDeletionCost, "08",
			[]string{`metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "08": must be a 32bit integer`}},
		{"deletion cost too large", corev1.PodDeletionCost, "2147483648",
			[]string{`metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "2147483648": must be a 32bit integer`}},
		{"mirror without node", corev1.MirrorPodAnnotationKey, "x",
			[]string{`metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set`}},
		{"seccomp", corev1.SeccompPodAnnotationKey, "runtime/default", nil},
		{"unknown seccomp profile", corev1.SeccompPodAnnotationKey, "loose",
			[]string{`metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "loose": must be a valid seccomp profile`}},
		{"AppArmor", appArmorAnnotation + "app", "runtime/default", nil},
		{"AppArmor for nobody", appArmorAnnotation + "ape", "strict", []string{
			`metadata.annotations[container.apparmor.security.beta.kubernetes.io/ape]: Invalid value: "ape": container not found`,
			`metadata.annotations[container.apparmor.security.beta.kubernetes.io/ape]: Invalid value: "strict": invalid AppArmor profile name: "strict"`,
		}},
		{"bad key", "a b", "x", []string{`metadata.annotations: Invalid value: "a b": ` + nameText}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := newPod(func(pod *corev1.Pod) { pod.Annotations = map[string]string{c.key: c.value} })
			compare(t, c.want, texts(validatePodCreate(pod)))
		})
	}
}
