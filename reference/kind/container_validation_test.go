package kind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// specCase is a change of a good Pod's spec, and what a client is told about it; nothing when it is accepted.
type specCase struct {
	name   string
	change func(spec *corev1.PodSpec)
	want   []string
}

func runSpecCases(t *testing.T, cases []specCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pod := newPod(func(pod *corev1.Pod) { c.change(&pod.Spec) })
			preparePodCreate(pod)
			if diff := cmp.Diff(c.want, texts(validatePodCreate(pod))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// app changes the one container.
func app(change func(c *corev1.Container)) func(spec *corev1.PodSpec) {
	return func(spec *corev1.PodSpec) { change(&spec.Containers[0]) }
}

// initContainer adds an init container named setup.
func initContainer(change func(c *corev1.Container)) func(spec *corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		spec.InitContainers = []corev1.Container{{Name: "setup", Image: "app:1"}}
		change(&spec.InitContainers[0])
	}
}

const (
	labelText  = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
	domainText = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
	nameText   = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
	valueText  = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)

func TestContainers(t *testing.T) {
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	runSpecCases(t, []specCase{
		{"none", func(s *corev1.PodSpec) { s.Containers = nil }, []string{`spec.containers: Required value`}},
		{"two", func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, corev1.Container{Name: "side", Image: "side:1"})
		}, nil},
		{"two of one name", func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, corev1.Container{Name: "app", Image: "side:1"})
		}, []string{`spec.containers[1].name: Duplicate value: "app"`}},
		{"no name", app(func(c *corev1.Container) { c.Name = "" }), []string{`spec.containers[0].name: Required value`}},
		{"bad name", app(func(c *corev1.Container) { c.Name = "App_1" }), []string{`spec.containers[0].name: Invalid value: "App_1": ` + labelText}},
		{"long name", app(func(c *corev1.Container) { c.Name = strings.Repeat("a", 64) }),
			[]string{`spec.containers[0].name: Invalid value: "` + strings.Repeat("a", 64) + `": must be no more than 63 characters`}},
		{"no image", app(func(c *corev1.Container) { c.Image = "" }), []string{`spec.containers[0].image: Required value`}},
		{"spaces around the image", app(func(c *corev1.Container) { c.Image = " app:1" }),
			[]string{`spec.containers[0].image: Invalid value: " app:1": must not have leading or trailing whitespace`}},
		{"pull policy", app(func(c *corev1.Container) { c.ImagePullPolicy = corev1.PullNever }), nil},
		{"unknown pull policy", app(func(c *corev1.Container) { c.ImagePullPolicy = "Sometimes" }),
			[]string{`spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`}},
		{"termination message from logs", app(func(c *corev1.Container) {
			c.TerminationMessagePolicy = corev1.TerminationMessageFallbackToLogsOnError
		}), nil},
		{"unknown termination message policy", app(func(c *corev1.Container) { c.TerminationMessagePolicy = "Log" }),
			[]string{`spec.containers[0].terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError"`}},
		{"init container", initContainer(func(c *corev1.Container) {}), nil},
		{"init container of a container's name", initContainer(func(c *corev1.Container) { c.Name = "app" }),
			[]string{`spec.initContainers[0].name: Duplicate value: "app"`}},
		{"init container with a probe", initContainer(func(c *corev1.Container) {
			c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}}}
			c.Lifecycle = &corev1.Lifecycle{}
		}), []string{
			`spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always`,
			`spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always`,
		}},
		{"sidecar with a probe", initContainer(func(c *corev1.Container) {
			c.RestartPolicy = always
			c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}}}
		}), nil},
		{"unknown restart policy of a container", initContainer(func(c *corev1.Container) {
			c.RestartPolicy = ptr.To(corev1.ContainerRestartPolicy("Often"))
		}), []string{`spec.initContainers[0].restartPolicy: Unsupported value: "Often": supported values: "Always", "Never", "OnFailure"`}},
		{"restart rules without a policy", app(func(c *corev1.Container) {
			c.RestartPolicyRules = []corev1.ContainerRestartRule{{Action: corev1.ContainerRestartRuleActionRestart}}
		}), []string{
			`spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
			`spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified`,
		}},
		{"ephemeral container at creation", func(s *corev1.PodSpec) {
			s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
				Name: "debug", Image: "app:1", Ports: []corev1.ContainerPort{{ContainerPort: 1}},
			}}}
		}, []string{
			`spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container`,
			`spec.ephemeralContainers: Forbidden: cannot be set on create`,
		}},
		{"resize by restart in a Pod that never restarts", func(s *corev1.PodSpec) {
			s.RestartPolicy = corev1.RestartPolicyNever
			s.Containers[0].ResizePolicy = []corev1.ContainerResizePolicy{{ResourceName: "cpu", RestartPolicy: corev1.RestartContainer}}
		}, []string{"spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'"}},
	})
}

func TestPorts(t *testing.T) {
	ports := func(ports ...corev1.ContainerPort) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) { c.Ports = ports })
	}
	runSpecCases(t, []specCase{
		{"good", ports(corev1.ContainerPort{Name: "http", ContainerPort: 80}, corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: "UDP"}), nil},
		{"none", ports(corev1.ContainerPort{}), []string{`spec.containers[0].ports[0].containerPort: Required value`}},
		{"too large", ports(corev1.ContainerPort{ContainerPort: 65536}),
			[]string{`spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive`}},
		{"negative", ports(corev1.ContainerPort{ContainerPort: 80, HostPort: -1}),
			[]string{`spec.containers[0].ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive`}},
		{"unknown protocol", ports(corev1.ContainerPort{ContainerPort: 80, Protocol: "tcp"}),
			[]string{`spec.containers[0].ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`}},
		{"two of one name", ports(corev1.ContainerPort{Name: "http", ContainerPort: 80}, corev1.ContainerPort{Name: "http", ContainerPort: 81}),
			[]string{`spec.containers[0].ports[1].name: Duplicate value: "http"`}},
		{"bad name", ports(corev1.ContainerPort{Name: "HTTP", ContainerPort: 80}),
			[]string{`spec.containers[0].ports[0].name: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
				`spec.containers[0].ports[0].name: Invalid value: "HTTP": must contain at least one letter (a-z)`}},
		{"long name", ports(corev1.ContainerPort{Name: "a-very-long-name", ContainerPort: 80}),
			[]string{`spec.containers[0].ports[0].name: Invalid value: "a-very-long-name": must be no more than 15 characters`}},
		{"host port twice", ports(corev1.ContainerPort{ContainerPort: 80, HostPort: 80}, corev1.ContainerPort{ContainerPort: 81, HostPort: 80}),
			[]string{`spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"`}},
		{"host network", func(s *corev1.PodSpec) {
			s.HostNetwork = true
			s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80}}
		}, nil},
		{"another port on the host network", func(s *corev1.PodSpec) {
			s.HostNetwork = true
			s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 81}}
		}, []string{"spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"}},
	})
}

func TestResources(t *testing.T) {
	resources := func(requests, limits corev1.ResourceList) func(*corev1.PodSpec) {
		return app(func(c *corev1.Container) {
			c.Resources = corev1.ResourceRequirements{Requests: requests, Limits: limits}
		})
	}
	list := func(name corev1.ResourceName, quantity string) corev1.ResourceList {
		return corev1.ResourceList{name: resource.MustParse(quantity)}
	}
	runSpecCases(t, []specCase{
		{"good", resources(list("cpu", "500m"), list("cpu", "1")), nil},
		{"request above limit", resources(list("cpu", "2"), list("cpu", "1")),
			[]string{`spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`}},
		{"negative", resources(list("memory", "-1Mi"), nil),
			[]string{`spec.containers[0].resources.requests[memory]: Invalid value: "-1Mi": must be greater than or equal to 0`}},
		{"unknown", resources(list("time", "1"), nil), []string{
			`spec.containers[0].resources.requests[time]: Invalid value: "time": must be a standard resource type or fully qualified`,
			`spec.containers[0].resources.requests[time]: Invalid value: "time": must be a standard resource for containers`,
		}},
		{"a vendor's", resources(nil, list("example.com/gpu", "1")), nil},
		{"half of a vendor's", resources(nil, list("example.com/gpu", "500m")), []string{
			`spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
			`spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer`,
		}},
		{"a vendor's without limit", resources(list("example.com/gpu", "1"), nil),
			[]string{`spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources`}},
		{"huge pages alone", resources(nil, list("hugepages-2Mi", "4Mi")),
			[]string{`spec.containers[0].resources: Forbidden: HugePages require cpu or memory`}},
		{"a claim that the Pod has not", app(func(c *corev1.Container) {
			c.Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}}
		}), []string{`spec.containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty`}},
		{"more for a container than for the Pod", func(s *corev1.PodSpec) {
			s.Resources = &corev1.ResourceRequirements{Requests: list("cpu", "1"), Limits: list("cpu", "1")}
			s.Containers[0].Resources.Requests = list("cpu", "2")
		}, []string{`spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2`}},
	})
}
