package kind

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newNode(changes ...func(node *corev1.Node)) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "one", ResourceVersion: "1"}}
	for _, change := range changes {
		change(node)
	}
	defaultNode(node)
	return node
}

func podCIDRs(cidrs ...string) func(*corev1.Node) {
	return func(node *corev1.Node) { node.Spec.PodCIDRs = cidrs }
}

func taints(taints ...corev1.Taint) func(*corev1.Node) {
	return func(node *corev1.Node) { node.Spec.Taints = taints }
}

func capacity(name, amount string) func(*corev1.Node) {
	return func(node *corev1.Node) {
		node.Status.Capacity = corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(amount)}
		node.Status.Allocatable = corev1.ResourceList{}
	}
}

func TestNodeRules(t *testing.T) {
	for name, test := range map[string]struct {
		node *corev1.Node
		want []string
	}{
		"bare":              {node: newNode()},
		"range":             {node: newNode(podCIDRs("10.244.1.0/24"))},
		"two ranges":        {node: newNode(podCIDRs("10.244.1.0/24", "fd00::/64"))},
		"malformed range":   {newNode(podCIDRs("10.244.1.0")), []string{`spec.podCIDRs[0]: Invalid value: "10.244.1.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`}},
		"address in range":  {newNode(podCIDRs("10.244.1.5/24")), []string{`spec.podCIDRs[0]: Invalid value: "10.244.1.5/24": must not have bits set beyond the prefix length`}},
		"two of a family":   {newNode(podCIDRs("10.244.1.0/24", "10.244.2.0/24")), []string{`spec.podCIDRs: Invalid value: ["10.244.1.0/24","10.244.2.0/24"]: may specify no more than one CIDR for each IP family`}},
		"taints":            {node: newNode(taints(corev1.Taint{Key: "a", Effect: "NoSchedule"}, corev1.Taint{Key: "a", Effect: "NoExecute"}))},
		"the same taint":    {newNode(taints(corev1.Taint{Key: "a", Effect: "NoSchedule"}, corev1.Taint{Key: "a", Value: "b", Effect: "NoSchedule"})), []string{`metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair`}},
		"no effect":         {newNode(taints(corev1.Taint{Key: "a"})), []string{"metadata.taints[0].effect: Required value"}},
		"unknown effect":    {newNode(taints(corev1.Taint{Key: "a", Effect: "x"})), []string{`metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`}},
		"capacity":          {node: newNode(capacity("cpu", "1500m"))},
		"negative capacity": {newNode(capacity("cpu", "-1")), []string{`status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0`}},
		"half a Pod":        {newNode(capacity("pods", "500m")), []string{`status.capacity.pods: Invalid value: "500m": must be an integer`}},
		"half a device":     {newNode(capacity("example.com/gpu", "500m")), []string{`status.capacity.example.com/gpu: Invalid value: "500m": must be an integer`}},
		"features":          {node: newNode(func(node *corev1.Node) { node.Status.DeclaredFeatures = []string{"A", "B/c"} })},
		"features unsorted": {newNode(func(node *corev1.Node) { node.Status.DeclaredFeatures = []string{"B", "A"} }), []string{`status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically`}},
		"name":              {newNode(func(node *corev1.Node) { node.Name = "One" }), []string{`metadata.name: Invalid value: "One": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Node.Validate(test.node))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodeChanges(t *testing.T) {
	provider := func(id string) func(*corev1.Node) {
		return func(node *corev1.Node) { node.Spec.ProviderID = id }
	}
	for name, test := range map[string]struct {
		old, node *corev1.Node
		want      []string
	}{
		"a first range": {old: newNode(), node: newNode(podCIDRs("10.244.1.0/24"))},
		"another range": {newNode(podCIDRs("10.244.1.0/24")), newNode(podCIDRs("10.244.2.0/24")), []string{`spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid`}},
		"no range":      {newNode(podCIDRs("10.244.1.0/24")), newNode(), []string{`spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid`}},
		"a first id":    {old: newNode(), node: newNode(provider("cloud://1"))},
		"another id":    {newNode(provider("cloud://1")), newNode(provider("cloud://2")), []string{"spec.providerID: Invalid value: null: field cannot be modified once set"}},
		"no id":         {newNode(provider("cloud://1")), newNode(), []string{"spec.providerID: Invalid value: null: field cannot be cleared once set"}},
		"unschedulable": {old: newNode(), node: newNode(func(node *corev1.Node) { node.Spec.Unschedulable = true })},
		"the old id":    {newNode(), newNode(func(node *corev1.Node) { node.Spec.DoNotUseExternalID = "x" }), []string{"spec.externalID: Forbidden: may not be updated"}},
		"an address twice": {newNode(), newNode(func(node *corev1.Node) {
			node.Status.Addresses = []corev1.NodeAddress{{Type: "InternalIP", Address: "192.0.2.1"}, {Type: "InternalIP", Address: "192.0.2.1"}}
		}), []string{`status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"192.0.2.1"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Node.Status.ValidateUpdate(test.node, test.old))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// A node's own update leaves the status alone, and the status' the spec.
func TestNodeParts(t *testing.T) {
	old := newNode(capacity("cpu", "1"), podCIDRs("10.244.1.0/24"))
	change := func() *corev1.Node {
		return newNode(capacity("cpu", "2"), podCIDRs("10.244.2.0/24"), func(node *corev1.Node) { node.Labels = map[string]string{"a": "b"} })
	}
	node := change()
	Node.PrepareUpdate(node, old)
	if diff := cmp.Diff(old.Status, node.Status); diff != "" || node.Spec.PodCIDR != "10.244.2.0/24" {
		t.Errorf("range %s, status %s", node.Spec.PodCIDR, diff)
	}
	node = change()
	Node.Status.PrepareUpdate(node, old)
	if diff := cmp.Diff(old.Spec, node.Spec); diff != "" || node.Status.Capacity.Cpu().Value() != 2 {
		t.Errorf("capacity %v, spec %s", node.Status.Capacity, diff)
	}
}

func TestNodeDefaults(t *testing.T) {
	node := newNode(func(node *corev1.Node) {
		node.Spec.PodCIDR, node.Spec.PodCIDRs = "10.244.1.0/24", []string{"10.244.2.0/24"}
		node.Status.Capacity = corev1.ResourceList{"cpu": resource.MustParse("2")}
	})
	if diff := cmp.Diff([]string{"10.244.1.0/24"}, node.Spec.PodCIDRs); diff != "" || node.Status.Allocatable.Cpu().Value() != 2 {
		t.Errorf("allocatable %v, ranges %s", node.Status.Allocatable, diff)
	}
	if node := newNode(podCIDRs("10.244.1.0/24")); node.Spec.PodCIDR != "10.244.1.0/24" {
		t.Errorf("podCIDR is %q", node.Spec.PodCIDR)
	}
}

func TestNodeRow(t *testing.T) {
	ready := func(status corev1.ConditionStatus) func(*corev1.Node) {
		return func(node *corev1.Node) {
			node.Status.Conditions = []corev1.NodeCondition{{Type: "MemoryPressure", Status: "False"}, {Type: "Ready", Status: status}}
		}
	}
	for name, test := range map[string]struct {
		node *corev1.Node
		want []any
	}{
		"new": {newNode(), []any{"one", "Unknown", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"}},
		"ready": {newNode(ready("True"), func(node *corev1.Node) {
			node.Labels = map[string]string{"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "etcd", "other": "x"}
			node.Status.Addresses = []corev1.NodeAddress{{Type: "Hostname", Address: "one"}, {Type: "InternalIP", Address: "192.0.2.1"}, {Type: "ExternalIP", Address: "198.51.100.1"}}
			node.Status.NodeInfo = corev1.NodeSystemInfo{KubeletVersion: "v1.37.2", OSImage: "Debian", KernelVersion: "6.1", Architecture: "amd64", ContainerRuntimeVersion: "containerd://2.4.2"}
		}), []any{"one", "Ready", "control-plane,etcd,worker", "<unknown>", "v1.37.2", "192.0.2.1", "198.51.100.1", "Debian", "6.1 (amd64)", "containerd://2.4.2"}},
		"lost and cordoned": {newNode(ready("Unknown"), func(node *corev1.Node) { node.Spec.Unschedulable = true }),
			[]any{"one", "NotReady,SchedulingDisabled", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Node.Row(test.node)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}
