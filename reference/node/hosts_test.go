package node

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestKernelHostname(t *testing.T) {
	pod := func(spec v1.PodSpec) *v1.Pod {
		return &v1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0"}, Spec: spec}
	}
	for name, c := range map[string]struct {
		pod  *v1.Pod
		want string // "": it is too long
	}{
		"the Pod's name":          {pod(v1.PodSpec{}), "web-0"},
		"its own name":            {pod(v1.PodSpec{Hostname: "db", Subdomain: "data"}), "db"},
		"the full name":           {pod(v1.PodSpec{Hostname: "db", Subdomain: "data", SetHostnameAsFQDN: ptr.To(true)}), "db.data.shop.svc.cluster.local"},
		"not asked for":           {pod(v1.PodSpec{Subdomain: "data", SetHostnameAsFQDN: ptr.To(false)}), "web-0"},
		"no domain":               {pod(v1.PodSpec{SetHostnameAsFQDN: ptr.To(true)}), "web-0"},
		"as long as it may be":    {pod(v1.PodSpec{Hostname: strings.Repeat("a", 36), Subdomain: "data", SetHostnameAsFQDN: ptr.To(true)}), strings.Repeat("a", 36) + ".data.shop.svc.cluster.local"},
		"longer than it may be":   {pod(v1.PodSpec{Hostname: strings.Repeat("a", 37), Subdomain: "data", SetHostnameAsFQDN: ptr.To(true)}), ""},
		"too long, of the node":   {pod(v1.PodSpec{Hostname: strings.Repeat("a", 63), Subdomain: "data", SetHostnameAsFQDN: new(true), HostNetwork: true}), strings.Repeat("a", 63)},
		"too long, not asked for": {pod(v1.PodSpec{Hostname: strings.Repeat("a", 63), Subdomain: "data"}), strings.Repeat("a", 63)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := kernelHostname(c.pod, "cluster.local")
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}
