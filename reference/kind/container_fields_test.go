package kind

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func TestEnv(t *testing.T) {
	env := func(v corev1.EnvVar) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) { c.Env = []corev1.EnvVar{v} })
	}
	from := func(source corev1.EnvVarSource) func(*corev1.PodSpec) {
		return env(corev1.EnvVar{Name: "X", ValueFrom: &source})
	}
	fieldOf := func(path string) func(*corev1.PodSpec) {
		return from(corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}})
	}
	runSpecCases(t, []specCase{
		{"good", env(corev1.EnvVar{Name: "MODE", Value: "fast"}), nil},
		{"no name", env(corev1.EnvVar{Value: "fast"}), []string{`spec.containers[0].env[0].name: Required value`}},
		{"equals sign in the name", env(corev1.EnvVar{Name: "A=B"}), []string{`spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`}},
		{"nothing to take from", from(corev1.EnvVarSource{}),
			[]string{"spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"}},
		{"value and source", env(corev1.EnvVar{Name: "X", Value: "1", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}),
			[]string{"spec.containers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty"}},
		{"two sources", from(corev1.EnvVarSource{
			FieldRef:         &corev1.ObjectFieldSelector{FieldPath: "metadata.name"},
			ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"},
		}), []string{`spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`}},
		{"a field", fieldOf("status.podIP"), nil},
		{"a label", fieldOf("metadata.labels['app']"), nil},
		{"an unknown field", fieldOf("spec.color"),
			[]string{`spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.color": error converting fieldPath: field label not supported: spec.color`}},
		{"a field for volumes only", fieldOf("metadata.labels"),
			[]string{`spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`}},
		{"a config map's key", from(corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, Key: "mode",
		}}), nil},
		{"no key", from(corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "Settings"}}}),
			[]string{
				`spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "Settings": ` + domainText,
				`spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Required value`,
			}},
		{"an unknown resource", from(corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.time"}}),
			[]string{`spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.time": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`}},
		{"a divisor that does not suit", from(corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu", Divisor: resource.MustParse("10m")}}),
			[]string{`spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`}},
		{"a whole config map", app(func(c *corev1.Container) {
			c.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}}
		}), nil},
		{"of no object", app(func(c *corev1.Container) { c.EnvFrom = []corev1.EnvFromSource{{}} }),
			[]string{"spec.containers[0].envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"}},
		{"a file of no volume", from(corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{VolumeName: "files", Path: "env", Key: "A"}}),
			[]string{`spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "files"`}},
	})
}

func TestMounts(t *testing.T) {
	mount := func(mounts ...corev1.VolumeMount) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Volumes = []corev1.Volume{{Name: "data"}}
			s.Containers[0].VolumeMounts = mounts
		}
	}
	runSpecCases(t, []specCase{
		{"good", mount(corev1.VolumeMount{Name: "data", MountPath: "/data"}), nil},
		{"no such volume", mount(corev1.VolumeMount{Name: "date", MountPath: "/data"}), []string{`spec.containers[0].volumeMounts[0].name: Not found: "date"`}},
		{"nowhere", mount(corev1.VolumeMount{Name: "data"}), []string{`spec.containers[0].volumeMounts[0].mountPath: Required value`}},
		{"two at one place", mount(corev1.VolumeMount{Name: "data", MountPath: "/data"}, corev1.VolumeMount{Name: "data", MountPath: "/data"}),
			[]string{`spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/data": must be unique`}},
		{"upwards", mount(corev1.VolumeMount{Name: "data", MountPath: "/data", SubPath: "../etc"}),
			[]string{`spec.containers[0].volumeMounts.subPath: Invalid value: "../etc": must not contain '..'`}},
		{"absolute sub path", mount(corev1.VolumeMount{Name: "data", MountPath: "/data", SubPath: "/etc"}),
			[]string{`spec.containers[0].volumeMounts.subPath: Invalid value: "/etc": must be a relative path`}},
		{"propagation without privilege", mount(corev1.VolumeMount{Name: "data", MountPath: "/data", MountPropagation: ptr.To(corev1.MountPropagationBidirectional)}),
			[]string{`spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`}},
		{"recursively read-only, but not read-only", mount(corev1.VolumeMount{Name: "data", MountPath: "/data", RecursiveReadOnly: ptr.To(corev1.RecursiveReadOnlyEnabled)}),
			[]string{`spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`}},
		{"an emptyDir as a device", func(s *corev1.PodSpec) {
			s.Volumes = []corev1.Volume{{Name: "data"}}
			s.Containers[0].VolumeDevices = []corev1.VolumeDevice{{Name: "data", DevicePath: "/dev/x"}}
		}, []string{`spec.containers[0].volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`}},
	})
}

func TestProbes(t *testing.T) {
	get := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(80)}}
	live := func(p corev1.Probe) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) { c.LivenessProbe = &p })
	}
	ready := func(p corev1.Probe) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) { c.ReadinessProbe = &p })
	}
	runSpecCases(t, []specCase{
		{"http", live(corev1.Probe{ProbeHandler: get}), nil},
		{"exec", ready(corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}), nil},
		{"grpc", app(func(c *corev1.Container) {
			c.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}}
		}), nil},
		{"nothing", live(corev1.Probe{}), []string{`spec.containers[0].livenessProbe: Required value: must specify a handler type`}},
		{"two actions", live(corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: get.HTTPGet, TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}}}),
			[]string{`spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`}},
		{"no command", live(corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{}}}),
			[]string{`spec.containers[0].livenessProbe.exec.command: Required value`}},
		{"no port", live(corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{}}}),
			[]string{`spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`}},
		{"unknown scheme", live(corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(80), Scheme: "https"}}}),
			[]string{`spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "https": supported values: "HTTP", "HTTPS"`}},
		{"bad header", live(corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Port: intstr.FromInt32(80), HTTPHeaders: []corev1.HTTPHeader{{Name: "X Y"}},
		}}}), []string{`spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "X Y": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`}},
		{"negative numbers", live(corev1.Probe{
			ProbeHandler: get, InitialDelaySeconds: -1, TimeoutSeconds: -1, PeriodSeconds: -1, SuccessThreshold: -1, FailureThreshold: -1,
		}), []string{
			`spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`,
			`spec.containers[0].livenessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0`,
			`spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
			`spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0`,
			`spec.containers[0].livenessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0`,
			`spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be 1`,
		}},
		{"alive after two successes", live(corev1.Probe{ProbeHandler: get, SuccessThreshold: 2}),
			[]string{`spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1`}},
		{"ready after two successes", ready(corev1.Probe{ProbeHandler: get, SuccessThreshold: 2}), nil},
		{"own grace period", live(corev1.Probe{ProbeHandler: get, TerminationGracePeriodSeconds: ptr.To[int64](5)}), nil},
		{"no grace at all", live(corev1.Probe{ProbeHandler: get, TerminationGracePeriodSeconds: ptr.To[int64](0)}),
			[]string{`spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`}},
		{"readiness that would terminate", ready(corev1.Probe{ProbeHandler: get, TerminationGracePeriodSeconds: ptr.To[int64](5)}),
			[]string{`spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`}},
		{"hook", app(func(c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}
		}), nil},
		{"hook that sleeps too long", app(func(c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 31}}}
		}), []string{`spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`}},
		{"hook that does nothing", app(func(c *corev1.Container) { c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{}} }),
			[]string{`spec.containers[0].lifecycle.postStart: Required value: must specify a handler type`}},
	})
}

func TestContainerSecurity(t *testing.T) {
	security := func(sc corev1.SecurityContext) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) { c.SecurityContext = &sc })
	}
	runSpecCases(t, []specCase{
		{"privileged", security(corev1.SecurityContext{Privileged: ptr.To(true)}), nil},
		{"privileged without gaining privileges", security(corev1.SecurityContext{Privileged: ptr.To(true), AllowPrivilegeEscalation: ptr.To(false)}), []string{
			"spec.containers[0].securityContext: Invalid value: {\"Capabilities\":null,\"Privileged\":true,\"SELinuxOptions\":null,\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\":false,\"ProcMount\":null,\"SeccompProfile\":null,\"AppArmorProfile\":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
		}},
		{"user", security(corev1.SecurityContext{RunAsUser: ptr.To[int64](1000)}), nil},
		{"negative user", security(corev1.SecurityContext{RunAsUser: ptr.To[int64](-1)}),
			[]string{`spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`}},
		{"unmasked /proc", security(corev1.SecurityContext{ProcMount: ptr.To(corev1.UnmaskedProcMount)}),
			[]string{"spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`"}},
		{"seccomp", security(corev1.SecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}), nil},
		{"seccomp without profile", security(corev1.SecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost}}),
			[]string{`spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`}},
		{"unknown AppArmor type", security(corev1.SecurityContext{AppArmorProfile: &corev1.AppArmorProfile{Type: "x"}}),
			[]string{`spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"`}},
	})
}
