package scheduler

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

type podOption func(*corev1.Pod)

func pod(name string, options ...podOption) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name), Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}},
	}
	for _, option := range options {
		option(p)
	}
	return p
}

func list(pairs ...string) corev1.ResourceList {
	result := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		result[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return result
}

func requesting(pairs ...string) podOption {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = list(pairs...) }
}
func withInit(always bool, pairs ...string) podOption {
	return func(p *corev1.Pod) {
		c := corev1.Container{Name: "init", Resources: corev1.ResourceRequirements{Requests: list(pairs...)}}
		if always {
			policy := corev1.ContainerRestartPolicyAlways
			c.RestartPolicy = &policy
		}
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
	}
}
func on(node string) podOption { return func(p *corev1.Pod) { p.Spec.NodeName = node } }
func selecting(key, value string) podOption {
	return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{key: value} }
}
func tolerating(key string) podOption {
	return func(p *corev1.Pod) {
		p.Spec.Tolerations = []corev1.Toleration{{Key: key, Operator: corev1.TolerationOpExists}}
	}
}
func hostPortOf(port int32) podOption {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: port, ContainerPort: port, Protocol: corev1.ProtocolTCP}}
	}
}
func apartBy(key string) podOption {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: webTerm(key)}}
	}
}
func togetherBy(key string) podOption {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: webTerm(key)}}
	}
}
func webTerm(key string) []corev1.PodAffinityTerm {
	return []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}}
}
func labelled(app string) podOption {
	return func(p *corev1.Pod) { p.Labels = map[string]string{"app": app} }
}
func never(p *corev1.Pod) {
	policy := corev1.PreemptNever
	p.Spec.PreemptionPolicy = &policy
}
func evenly(p *corev1.Pod) {
	p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
	}}
}

type nodeOption func(*corev1.Node)

func node(name string, options ...nodeOption) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
		Status:     corev1.NodeStatus{Allocatable: list("cpu", "2", "memory", "4Gi", "pods", "110")},
	}
	for _, option := range options {
		option(n)
	}
	return n
}
func cordoned(n *corev1.Node) { n.Spec.Unschedulable = true }
func tainted(key string, effect corev1.TaintEffect) nodeOption {
	return func(n *corev1.Node) { n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: effect}) }
}
func nodeLabel(key, value string) nodeOption { return func(n *corev1.Node) { n.Labels[key] = value } }
func allocatable(pairs ...string) nodeOption {
	return func(n *corev1.Node) { n.Status.Allocatable = list(pairs...) }
}

func clusterOf(nodes []*corev1.Node, pods ...*corev1.Pod) *cluster {
	c := newCache()
	for _, n := range nodes {
		c.setNode(n)
	}
	for _, p := range pods {
		c.setPod(p)
	}
	return &cluster{
		hosts:           sortedHosts(c.hosts),
		spreadSelector:  func(p *corev1.Pod) labels.Selector { return labels.SelectorFromSet(p.Labels) },
		namespaceLabels: func(string) labels.Set { return nil },
	}
}

func first(int) int { return 0 }

func three(options ...nodeOption) []*corev1.Node {
	return []*corev1.Node{node("n1", options...), node("n2", options...), node("n3", options...)}
}

const (
	hopeless = "Preemption is not helpful for scheduling"
	victims  = "No preemption victims found for incoming pod"
)

// TestWhereAPodFits: claims pods/scheduled-where-resources-fit, pods/requests-minimum, pods/packing.
func TestWhereAPodFits(t *testing.T) {
	for name, tc := range map[string]struct {
		pod    *corev1.Pod
		nodes  []*corev1.Node
		placed []*corev1.Pod
		node   string
		why    string
	}{
		"no nodes at all": {pod: pod("p"), why: "no nodes available to schedule pods"},
		"more CPU than any node has": {
			pod: pod("p", requesting("cpu", "3")), nodes: three(),
			why: "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 " + hopeless + "."},
		"the only node with room": {
			pod: pod("p", requesting("cpu", "1500m")), nodes: three(),
			placed: []*corev1.Pod{pod("a", requesting("cpu", "1"), on("n1")), pod("b", requesting("cpu", "1"), on("n3"))}, node: "n2"},
		"a full cluster": {
			pod: pod("p", requesting("cpu", "1500m", "memory", "1Gi")), nodes: []*corev1.Node{node("n1"), node("n2", allocatable("cpu", "1", "memory", "512Mi", "pods", "10"))},
			placed: []*corev1.Pod{pod("a", requesting("cpu", "1"), on("n1"))},
			why:    "0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. preemption: 0/2 nodes are available: 1 " + victims + ", 1 " + hopeless + "."},
		"a Pod's request is the sum over its containers": {
			pod: pod("p", requesting("cpu", "1500m"), func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "two", Resources: corev1.ResourceRequirements{Requests: list("cpu", "1")}})
			}), nodes: three(),
			why: "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 " + hopeless + "."},
		"an init container needs its room only before": {pod: pod("p", requesting("cpu", "1500m"), withInit(false, "cpu", "1500m")), nodes: three()[:1], node: "n1"},
		"a sidecar needs its room all along": {
			pod: pod("p", requesting("cpu", "1500m"), withInit(true, "cpu", "1500m")), nodes: three()[:1],
			why: "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 " + hopeless + "."},
		"too many Pods": {
			pod: pod("p"), nodes: []*corev1.Node{node("n1", allocatable("cpu", "2", "memory", "4Gi", "pods", "1"))}, placed: []*corev1.Pod{pod("a", on("n1"))},
			why: "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 " + victims + "."},
		"an extended resource that no node has": {
			pod: pod("p", requesting("example.com/gpu", "1")), nodes: three()[:1],
			why: "0/1 nodes are available: 1 Insufficient example.com/gpu. preemption: 0/1 nodes are available: 1 " + hopeless + "."},
		"a node selector": {pod: pod("p", selecting("disk", "ssd")), nodes: append(three(), node("n4", nodeLabel("disk", "ssd"))), node: "n4"},
		"a node selector that nothing matches": {
			pod: pod("p", selecting("disk", "ssd")), nodes: three(),
			why: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 " + hopeless + "."},
		"cordoned, tainted and too small": {
			pod: pod("p", requesting("cpu", "3")), nodes: []*corev1.Node{node("n1", cordoned), node("n2", tainted("k", corev1.TaintEffectNoSchedule)), node("n3")},
			why: "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. preemption: 0/3 nodes are available: 3 " + hopeless + "."},
		"a tolerated taint": {pod: pod("p", tolerating("k")), nodes: []*corev1.Node{node("n1", tainted("k", corev1.TaintEffectNoExecute))}, node: "n1"},
		"a taint that only asks is avoided": {
			pod: pod("p"), nodes: []*corev1.Node{node("n1", tainted("k", corev1.TaintEffectPreferNoSchedule)), node("n2")}, node: "n2"},
		"a taken host port": {
			pod: pod("p", hostPortOf(80)), nodes: three()[:1], placed: []*corev1.Pod{pod("a", hostPortOf(80), on("n1"))},
			why: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. preemption: 0/1 nodes are available: 1 " + victims + "."},
		"anti-affinity: one for each node": {
			pod: pod("p", apartBy(corev1.LabelHostname)), nodes: three(), placed: []*corev1.Pod{pod("a", on("n1")), pod("b", on("n3"))}, node: "n2"},
		"anti-affinity: no node is left": {
			pod: pod("p", apartBy(corev1.LabelHostname)), nodes: three()[:1], placed: []*corev1.Pod{pod("a", on("n1"))},
			why: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. preemption: 0/1 nodes are available: 1 " + victims + "."},
		"the anti-affinity of those already there": {
			pod: pod("p"), nodes: three()[:1], placed: []*corev1.Pod{pod("a", apartBy(corev1.LabelHostname), on("n1"))},
			why: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. preemption: 0/1 nodes are available: 1 " + victims + "."},
		"affinity: near the one that is there":         {pod: pod("p", togetherBy(corev1.LabelHostname)), nodes: three(), placed: []*corev1.Pod{pod("a", on("n2"))}, node: "n2"},
		"affinity: the first of a group goes anywhere": {pod: pod("p", togetherBy(corev1.LabelHostname)), nodes: three(), node: "n1"},
		"affinity: nobody of the group wanted": {
			pod: pod("p", labelled("db"), togetherBy(corev1.LabelHostname)), nodes: three()[:1],
			why: "0/1 nodes are available: 1 node(s) didn't match pod affinity rules. preemption: 0/1 nodes are available: 1 " + hopeless + "."},
		"a hard spread": {pod: pod("p", evenly), nodes: three()[:2], placed: []*corev1.Pod{pod("a", on("n1"))}, node: "n2"},
		"a Pod that never preempts": {
			pod: pod("p", requesting("cpu", "3"), never), nodes: three()[:1],
			why: "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."},
		"apart from its own kind, without asking": {pod: pod("p"), nodes: three(), placed: []*corev1.Pod{pod("a", on("n1")), pod("b", on("n2"))}, node: "n3"},
		"the emptier node":                        {pod: pod("p", labelled("db")), nodes: three()[:2], placed: []*corev1.Pod{pod("a", requesting("cpu", "1", "memory", "2Gi"), on("n1"))}, node: "n2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decide(placed(tc.pod), clusterOf(tc.nodes, tc.placed...), first)
			why := ""
			if err != nil {
				why = err.Error()
			}
			if diff := cmp.Diff([]string{tc.node, tc.why}, []string{got, why}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReplicasSpread: claim pods/spread. Each decision sees the ones before it.
func TestReplicasSpread(t *testing.T) {
	c := newCache()
	for _, n := range three() {
		c.setNode(n)
	}
	lookups := *clusterOf(nil)
	count := map[string]int{}
	for i := range 30 {
		name, err := c.decideAndAssume(placed(pod(fmt.Sprintf("p%d", i), requesting("cpu", "10m"))), lookups, first)
		if err != nil {
			t.Fatal(err)
		}
		count[name]++
	}
	if diff := cmp.Diff(map[string]int{"n1": 10, "n2": 10, "n3": 10}, count); diff != "" {
		t.Errorf("spread (-want +got):\n%s", diff)
	}
}

// TestPromisedRoomIsTaken: two decisions in a row never overfill a node, and a promise not kept frees the room.
func TestPromisedRoomIsTaken(t *testing.T) {
	c := newCache()
	c.setNode(node("n1"))
	lookups := *clusterOf(nil)
	big := func(name string) *placedPod { return placed(pod(name, requesting("cpu", "1500m"))) }
	if _, err := c.decideAndAssume(big("a"), lookups, first); err != nil {
		t.Fatal(err)
	}
	if _, err := c.decideAndAssume(big("b"), lookups, first); err == nil {
		t.Error("the node was promised twice")
	}
	c.forget("a")
	if _, err := c.decideAndAssume(big("b"), lookups, first); err != nil {
		t.Errorf("the room of a promise taken back: %v", err)
	}
	c.setPod(pod("b", requesting("cpu", "1500m"), on("n1")))
	c.forget("b")
	if !c.holds("b") {
		t.Error("a Pod seen bound was forgotten")
	}
	c.removePod("b")
	c.removeNode("n1")
	if len(c.hosts) != 0 {
		t.Errorf("hosts left over: %v", c.hosts)
	}
}
