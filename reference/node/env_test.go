package node

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestExpand(t *testing.T) {
	vars := map[string]string{"A": "1", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	for in, want := range map[string]string{
		"plain": "plain", "$(A)": "1", "x$(A)y": "x1y", "$(EMPTY)": "", "$(NO)": "$(NO)", "$$(A)": "$(A)", "$$$(A)": "$1",
		"$A": "$A", "$(A": "$(A", "end$": "end$", "$": "$", "$()": "$()", "$(A)$(A)": "11",
	} {
		if got := expand(in, lookup); got != want {
			t.Errorf("expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVariables(t *testing.T) {
	maps := map[string]map[string]string{"cm": {"k": "v", "A": "from map"}}
	e := environment{
		pod: &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{"app": "x"}},
			Spec: v1.PodSpec{NodeName: "n1"}},
		hostIP: "10.0.0.1", podIP: "10.244.0.5",
		allocatable: v1.ResourceList{v1.ResourceMemory: resource.MustParse("1Gi")},
		services:    map[string]string{"DB_SERVICE_HOST": "10.96.0.7"},
		configMap: func(_ context.Context, _, name string) (*v1.ConfigMap, error) {
			if data, ok := maps[name]; ok {
				return &v1.ConfigMap{Data: data}, nil
			}
			return nil, apierrors.NewNotFound(v1.Resource("configmap"), name)
		},
	}
	field := func(path string) *v1.EnvVarSource {
		return &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{FieldPath: path}}
	}
	key := func(name, key string, optional bool) *v1.EnvVarSource {
		return &v1.EnvVarSource{ConfigMapKeyRef: &v1.ConfigMapKeySelector{LocalObjectReference: v1.LocalObjectReference{Name: name}, Key: key, Optional: &optional}}
	}
	from := func(name, prefix string, optional bool) []v1.EnvFromSource {
		return []v1.EnvFromSource{{Prefix: prefix, ConfigMapRef: &v1.ConfigMapEnvSource{LocalObjectReference: v1.LocalObjectReference{Name: name}, Optional: ptr.To(optional)}}}
	}
	tests := []struct {
		name      string
		container v1.Container
		want      map[string]string // without the services
		fails     string
	}{
		{"later ones refer to earlier ones", v1.Container{Env: []v1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "$(A)-$(C)"}, {Name: "C", Value: "$(DB_SERVICE_HOST)"}}},
			map[string]string{"A": "1", "B": "1-$(C)", "C": "10.96.0.7"}, ""},
		{"fields", v1.Container{Env: []v1.EnvVar{{Name: "N", ValueFrom: field("metadata.name")}, {Name: "IP", ValueFrom: field("status.podIP")},
			{Name: "L", ValueFrom: field("metadata.labels['app']")}, {Name: "H", ValueFrom: field("spec.nodeName")}}},
			map[string]string{"N": "web", "IP": "10.244.0.5", "L": "x", "H": "n1"}, ""},
		{"a limit that is not set is the node's", v1.Container{Env: []v1.EnvVar{{Name: "M", ValueFrom: &v1.EnvVarSource{
			ResourceFieldRef: &v1.ResourceFieldSelector{Resource: "limits.memory", Divisor: resource.MustParse("1Mi")}}}}}, map[string]string{"M": "1024"}, ""},
		{"a request is rounded up", v1.Container{
			Resources: v1.ResourceRequirements{Requests: v1.ResourceList{v1.ResourceCPU: resource.MustParse("1100m")}},
			Env:       []v1.EnvVar{{Name: "C", ValueFrom: &v1.EnvVarSource{ResourceFieldRef: &v1.ResourceFieldSelector{Resource: "requests.cpu"}}}},
		}, map[string]string{"C": "2"}, ""},
		{"all keys with a prefix, env wins", v1.Container{EnvFrom: from("cm", "P_", false), Env: []v1.EnvVar{{Name: "P_A", Value: "mine"}}},
			map[string]string{"P_k": "v", "P_A": "mine"}, ""},
		{"no such map", v1.Container{EnvFrom: from("none", "", false)}, nil, `configmap "none" not found`},
		{"which may be missing", v1.Container{EnvFrom: from("none", "", true)}, map[string]string{}, ""},
		{"no such key", v1.Container{Env: []v1.EnvVar{{Name: "X", ValueFrom: key("cm", "none", false)}}}, nil, "couldn't find key none in ConfigMap shop/cm"},
		{"which may be missing too", v1.Container{Env: []v1.EnvVar{{Name: "X", ValueFrom: key("cm", "none", true)}}}, map[string]string{}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := e.variables(t.Context(), &test.container)
			message := ""
			if err != nil {
				message = err.Error()
			}
			delete(got, "DB_SERVICE_HOST")
			if diff := cmp.Diff(test.want, got); diff != "" || message != test.fails {
				t.Errorf("error %q, want %q; (-want +got):\n%s", message, test.fails, diff)
			}
		})
	}
}

func TestPodResolver(t *testing.T) {
	own := resolver{servers: []string{"192.0.2.1"}, searches: []string{"example.com"}, options: []string{"timeout:1"}}
	tests := []struct {
		name string
		spec v1.PodSpec
		dns  []string
		want string
	}{
		{"the cluster's first", v1.PodSpec{DNSPolicy: v1.DNSClusterFirst}, []string{"10.96.0.10"},
			"search shop.svc.cluster.local svc.cluster.local cluster.local example.com\nnameserver 10.96.0.10\noptions ndots:5\n"},
		{"there is none", v1.PodSpec{DNSPolicy: v1.DNSClusterFirst}, nil, "search example.com\nnameserver 192.0.2.1\noptions timeout:1\n"},
		{"the node's", v1.PodSpec{DNSPolicy: v1.DNSDefault}, []string{"10.96.0.10"}, "search example.com\nnameserver 192.0.2.1\noptions timeout:1\n"},
		{"on the node's network the node's", v1.PodSpec{DNSPolicy: v1.DNSClusterFirst, HostNetwork: true}, []string{"10.96.0.10"},
			"search example.com\nnameserver 192.0.2.1\noptions timeout:1\n"},
		{"its own", v1.PodSpec{DNSPolicy: v1.DNSNone, DNSConfig: &v1.PodDNSConfig{Nameservers: []string{"198.51.100.1"}, Searches: []string{"a"},
			Options: []v1.PodDNSConfigOption{{Name: "ndots", Value: ptr.To("2")}, {Name: "rotate"}}}}, nil,
			"search a\nnameserver 198.51.100.1\noptions ndots:2 rotate\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _ := podResolver(&v1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}, Spec: test.spec}, own, test.dns, "cluster.local")
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestServiceVariables(t *testing.T) {
	svc := func(namespace, name, ip string) *v1.Service {
		return &v1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec: v1.ServiceSpec{ClusterIP: ip, Ports: []v1.ServicePort{{Port: 80, Protocol: v1.ProtocolTCP}}}}
	}
	services := []*v1.Service{svc("shop", "my-db", "10.96.0.7"), svc("other", "x", "10.96.0.8"), svc("default", "kubernetes", "10.96.0.1"), svc("shop", "headless", "None")}
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}}
	hosts := func(vars map[string]string) map[string]string {
		found := map[string]string{}
		for name, value := range vars {
			if len(name) > 13 && name[len(name)-13:] == "_SERVICE_HOST" {
				found[name] = value
			}
		}
		return found
	}
	want := map[string]string{"MY_DB_SERVICE_HOST": "10.96.0.7", "KUBERNETES_SERVICE_HOST": "10.96.0.1"}
	got := serviceVariables(pod, services)
	if diff := cmp.Diff(want, hosts(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got["MY_DB_PORT_80_TCP"] != "tcp://10.96.0.7:80" {
		t.Errorf("link %q", got["MY_DB_PORT_80_TCP"])
	}
	pod.Spec.EnableServiceLinks = ptr.To(false)
	if diff := cmp.Diff(map[string]string{"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, hosts(serviceVariables(pod, services))); diff != "" {
		t.Errorf("without links (-want +got):\n%s", diff)
	}
}
