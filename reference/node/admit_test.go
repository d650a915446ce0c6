package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAdmit(t *testing.T) {
	node := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{"disk": "ssd"}},
		Spec:       v1.NodeSpec{Taints: []v1.Taint{{Key: "out", Effect: v1.TaintEffectNoExecute}, {Key: "full", Effect: v1.TaintEffectNoSchedule}}},
		Status: v1.NodeStatus{Allocatable: v1.ResourceList{
			v1.ResourceCPU: resource.MustParse("2"), v1.ResourceMemory: resource.MustParse("1Gi"), v1.ResourcePods: resource.MustParse("3")}},
	}
	pod := func(change func(*v1.PodSpec)) *v1.Pod {
		p := &v1.Pod{Spec: v1.PodSpec{NodeName: "n1", Containers: []v1.Container{{Name: "main"}},
			Tolerations: []v1.Toleration{{Key: "out", Operator: v1.TolerationOpExists}}}}
		if change != nil {
			change(&p.Spec)
		}
		return p
	}
	cpu := func(amount string) func(*v1.PodSpec) {
		return func(s *v1.PodSpec) {
			s.Containers[0].Resources.Requests = v1.ResourceList{v1.ResourceCPU: resource.MustParse(amount)}
		}
	}
	port := func(ip string) func(*v1.PodSpec) {
		return func(s *v1.PodSpec) {
			s.Containers[0].Ports = []v1.ContainerPort{{HostPort: 80, HostIP: ip, Protocol: v1.ProtocolTCP}}
		}
	}
	sysctlOf := func(name string) func(*v1.PodSpec) {
		return func(s *v1.PodSpec) {
			s.SecurityContext = &v1.PodSecurityContext{Sysctls: []v1.Sysctl{{Name: name, Value: "1"}}}
		}
	}
	tests := []struct {
		name   string
		pod    *v1.Pod
		others []*v1.Pod
		want   *rejection
	}{
		{"it fits", pod(cpu("500m")), []*v1.Pod{pod(cpu("1500m"))}, nil},
		{"it does not", pod(cpu("501m")), []*v1.Pod{pod(cpu("1500m"))},
			&rejection{"OutOfcpu", "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000"}},
		{"too many Pods", pod(nil), []*v1.Pod{pod(nil), pod(nil), pod(nil)},
			&rejection{"OutOfpods", "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3"}},
		{"another node is wanted", pod(func(s *v1.PodSpec) { s.NodeSelector = map[string]string{"disk": "hdd"} }), nil,
			&rejection{"NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"}},
		{"the host port is taken", pod(port("")), []*v1.Pod{pod(port("10.0.0.1"))},
			&rejection{"NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"}},
		{"at another address", pod(port("10.0.0.2")), []*v1.Pod{pod(port("10.0.0.1"))}, nil},
		{"a taint that ends Pods", pod(func(s *v1.PodSpec) { s.Tolerations = nil }), nil,
			&rejection{"TaintToleration", "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"}},
		{"another system", pod(func(s *v1.PodSpec) { s.OS = &v1.PodOS{Name: v1.Windows} }), nil,
			&rejection{"PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"}},
		{"a sysctl of the Pod's own", pod(sysctlOf("net/ipv4/tcp_syncookies")), nil, nil},
		{"a sysctl that others would feel", pod(sysctlOf("kernel.msgmax")), nil,
			&rejection{"SysctlForbidden", `forbidden sysctl: "kernel.msgmax" not allowlisted`}},
		{"a sysctl of the node's memory", pod(func(s *v1.PodSpec) { sysctlOf("kernel.shm_rmid_forced")(s); s.HostIPC = true }), nil,
			&rejection{"SysctlForbidden", `forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled`}},
		{"extended resources that the node does not know are the cluster's", pod(func(s *v1.PodSpec) {
			s.Containers[0].Resources.Requests = v1.ResourceList{"example.com/gpu": resource.MustParse("1")}
		}), nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, admit(test.pod, node, test.others)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestResources(t *testing.T) {
	list := func(cpu, memory string) v1.ResourceList {
		l := v1.ResourceList{}
		if cpu != "" {
			l[v1.ResourceCPU] = resource.MustParse(cpu)
		}
		if memory != "" {
			l[v1.ResourceMemory] = resource.MustParse(memory)
		}
		return l
	}
	tests := []struct {
		name             string
		requests, limits v1.ResourceList
		class            v1.PodQOSClass
		shares           uint64
		quota            int64
		oom              int
	}{
		{"nothing asked", nil, nil, v1.PodQOSBestEffort, 2, 0, 1000},
		{"requests", list("250m", "256Mi"), nil, v1.PodQOSBurstable, 256, 0, 750},
		{"limits above them", list("250m", "256Mi"), list("500m", "512Mi"), v1.PodQOSBurstable, 256, 50000, 750},
		{"limits equal to them", list("1", "1Gi"), list("1", "1Gi"), v1.PodQOSGuaranteed, 1024, 100000, -997},
		{"hardly anything", list("1m", "1"), list("1m", ""), v1.PodQOSBurstable, 2, 1000, 999},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &v1.Pod{Spec: v1.PodSpec{Containers: []v1.Container{{Resources: v1.ResourceRequirements{Requests: test.requests, Limits: test.limits}}}}}
			c := &pod.Spec.Containers[0]
			got := containerResources(pod, c)
			if class := qosClass(pod); class != test.class || got.CPUShares != test.shares || got.CPUQuota != test.quota {
				t.Errorf("%s, shares %d, quota %d; want %s, %d, %d", class, got.CPUShares, got.CPUQuota, test.class, test.shares, test.quota)
			}
			if adj := oomScoreAdj(pod, c, 1<<30); adj != test.oom {
				t.Errorf("OOM score %d, want %d", adj, test.oom)
			}
		})
	}
}

func TestRank(t *testing.T) {
	pod := func(name, request string, priority int32) *v1.Pod {
		return &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.PodSpec{Priority: &priority, Containers: []v1.Container{{
			Resources: v1.ResourceRequirements{Requests: v1.ResourceList{v1.ResourceMemory: resource.MustParse(request)}}}}}}
	}
	pods := []memoryUse{
		{pod("within its request", "900", 0), 800},
		{pod("important", "10", 5), 500},
		{pod("a little over", "100", 0), 200},
		{pod("far over", "100", 0), 600},
	}
	rank(pods)
	var got []string
	for _, p := range pods {
		got = append(got, p.pod.Name)
	}
	if diff := cmp.Diff([]string{"far over", "a little over", "important", "within its request"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
