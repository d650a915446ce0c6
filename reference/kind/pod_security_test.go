package kind

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestPodSecurity(t *testing.T) {
	security := func(sc corev1.PodSecurityContext) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) { s.SecurityContext = &sc }
	}
	windows := func(user string) func(*corev1.PodSpec) {
		return security(corev1.PodSecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{RunAsUserName: &user}})
	}
	const user = "spec.securityContext.windowsOptions.runAsUserName: Invalid value: "
	runSpecCases(t, []specCase{
		{"groups", security(corev1.PodSecurityContext{FSGroup: ptr.To[int64](1), SupplementalGroups: []int64{2}}), nil},
		{"bad groups", security(corev1.PodSecurityContext{FSGroup: ptr.To[int64](-1), SupplementalGroups: []int64{-2}}), []string{
			"spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive",
			"spec.securityContext.supplementalGroups[0]: Invalid value: -2: must be between 0 and 2147483647, inclusive",
		}},
		{"unknown policies", security(corev1.PodSecurityContext{
			FSGroupChangePolicy: ptr.To(corev1.PodFSGroupChangePolicy("x")), SupplementalGroupsPolicy: ptr.To(corev1.SupplementalGroupsPolicy("x")),
			SELinuxChangePolicy: ptr.To(corev1.PodSELinuxChangePolicy("x")),
		}), []string{
			`spec.securityContext.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"`,
			`spec.securityContext.supplementalGroupsPolicy: Unsupported value: "x": supported values: "Merge", "Strict"`,
			`spec.securityContext.seLinuxChangePolicy: Unsupported value: "x": supported values: "MountOption", "Recursive"`,
		}},
		{"local profiles", security(corev1.PodSecurityContext{
			SeccompProfile:  &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: ptr.To("p.json")},
			AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: ptr.To("p")},
		}), nil},
		{"bad profiles", security(corev1.PodSecurityContext{
			SeccompProfile:  &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined, LocalhostProfile: ptr.To("p")},
			AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: ptr.To(" p")},
		}), []string{
			`spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"Unconfined","LocalhostProfile":"p"}: can only be set when seccomp type is Localhost`,
			`spec.securityContext.appArmorProfile.localhostProfile: Invalid value: " p": must not be padded with whitespace`,
		}},
		{"Windows' user", windows(`DOMAIN\user`), nil},
		{"Windows' user of two domains", windows(`A\B\c`), []string{user + `"A\\B\\c": runAsUserName cannot contain more than one backslash`}},
		{"nobody", windows(""), []string{user + `"": runAsUserName cannot be an empty string`}},
		{"a user of dots", windows("..."), []string{user + `"...": runAsUserName's User cannot contain only periods or spaces`}},
		{"a user with a slash", windows("a/b"), []string{user + `"a/b": runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]`}},
		{"host processes off the host's network", security(corev1.PodSecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: ptr.To(true)}}),
			[]string{"spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers"}},
		{"Windows' options for Linux", func(s *corev1.PodSpec) {
			s.OS = &corev1.PodOS{Name: corev1.Linux}
			s.SecurityContext = &corev1.PodSecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{}}
		}, []string{"spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"}},
		{"host name instead of all others", func(s *corev1.PodSpec) { s.HostnameOverride = ptr.To("db.example.com") }, nil},
		{"two kinds of host name", func(s *corev1.PodSpec) { s.HostnameOverride, s.SetHostnameAsFQDN = ptr.To("db"), ptr.To(true) },
			[]string{"spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true"}},
	})
}

// TestProfilesMatch: an annotation must not contradict the field that replaced it, and becomes the field where that is
// not set.
func TestProfilesMatch(t *testing.T) {
	pod := newPod(func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{corev1.SeccompPodAnnotationKey: "unconfined", appArmorAnnotation + "app": "localhost/p"}
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
		pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
			AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: ptr.To("q")},
		}
	})
	compare(t, []string{
		"spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
		"spec.containers[0].securityContext.appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match",
	}, texts(validatePodCreate(pod)))

	pod = newPod(func(pod *corev1.Pod) { pod.Annotations = map[string]string{appArmorAnnotation + "app": "localhost/p"} })
	compare(t, []string{`metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]: deprecated since v1.30; use the "appArmorProfile" field instead`}, Pod.Warn(pod, nil))
	Pod.PrepareCreate(pod)
	compare(t, &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: ptr.To("p")}, pod.Spec.Containers[0].SecurityContext.AppArmorProfile)
	compare(t, []string(nil), texts(validatePodCreate(pod)))
}

// TestGatedFields: what belongs to features that are off is not stored, and stays where it is stored already.
func TestGatedFields(t *testing.T) {
	with := func(pod *corev1.Pod) {
		c := &pod.Spec.Containers[0]
		c.Lifecycle = &corev1.Lifecycle{StopSignal: ptr.To(corev1.SIGUSR1)}
		pod.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: ptr.To("g")}
	}
	pod := newPod(with)
	Pod.PrepareCreate(pod)
	compare(t, newPod(nil).Spec, pod.Spec)

	old := newPod(with)
	pod = old.DeepCopy()
	Pod.PrepareUpdate(pod, old)
	compare(t, old.Spec, pod.Spec)
}
