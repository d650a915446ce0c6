package kind

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLeaseRules(t *testing.T) {
	lease := func(spec coordinationv1.LeaseSpec) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "one", Namespace: "kube-node-lease"}, Spec: spec}
	}
	for name, test := range map[string]struct {
		spec coordinationv1.LeaseSpec
		want []string
	}{
		"empty":            {},
		"forty seconds":    {spec: coordinationv1.LeaseSpec{LeaseDurationSeconds: new(int32(40)), LeaseTransitions: new(int32(0))}},
		"no seconds":       {coordinationv1.LeaseSpec{LeaseDurationSeconds: new(int32(0))}, []string{"spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"}},
		"minus one change": {coordinationv1.LeaseSpec{LeaseTransitions: new(int32(-1))}, []string{"spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Lease.Validate(lease(test.spec)))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]any{"one", "me", "<unknown>"}, Lease.Row(lease(coordinationv1.LeaseSpec{HolderIdentity: new("me")}))); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}
