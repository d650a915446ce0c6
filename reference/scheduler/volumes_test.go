package scheduler

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"
)

func claiming(names ...string) podOption {
	return func(p *corev1.Pod) {
		for _, name := range names {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
			}})
		}
	}
}

func storedOn(name, class, node string) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: class,
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
			}}}},
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeAvailable},
	}
}

func asking(name, class string, change ...func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &class,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

// TestVolumesOfANode: where a Pod's claims let it go, and what they get there.
func TestVolumesOfANode(t *testing.T) {
	bound := func(to string) func(*corev1.PersistentVolumeClaim) {
		return func(c *corev1.PersistentVolumeClaim) {
			c.Spec.VolumeName = to
			metav1.SetMetaDataAnnotation(&c.ObjectMeta, volume.AnnBindCompleted, "yes")
		}
	}
	selected := func(node string) func(*corev1.PersistentVolumeClaim) {
		return func(c *corev1.PersistentVolumeClaim) {
			metav1.SetMetaDataAnnotation(&c.ObjectMeta, volume.AnnSelectedNode, node)
		}
	}
	classes := map[string]*storagev1.StorageClass{
		"there": {Provisioner: volume.NotSupportedProvisioner, VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer)},
		"made":  {Provisioner: "example.com/disks", VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer)},
		"zoned": {Provisioner: "example.com/disks", VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer), AllowedTopologies: []corev1.TopologySelectorTerm{
			{MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{{Key: corev1.LabelHostname, Values: []string{"b"}}}}}},
		"now": {Provisioner: "example.com/disks", VolumeBindingMode: ptr.To(storagev1.VolumeBindingImmediate)},
	}
	const conflict, elsewhere = "node(s) didn't find available persistent volumes to bind", "node(s) didn't match PersistentVolume's node affinity"
	for name, tc := range map[string]struct {
		claims  []*corev1.PersistentVolumeClaim
		volumes []*corev1.PersistentVolume
		want    []string // volumes on node a, "new" for one that is made
		refused string   // by node a
		nowhere string
	}{
		"no such claim":                     {nowhere: `persistentvolumeclaim "c" not found`},
		"a claim that is not bound":         {claims: []*corev1.PersistentVolumeClaim{asking("c", "now")}, nowhere: "pod has unbound immediate PersistentVolumeClaims"},
		"bound to a volume of the node":     {claims: []*corev1.PersistentVolumeClaim{asking("c", "x", bound("v"))}, volumes: []*corev1.PersistentVolume{storedOn("v", "x", "a")}},
		"bound to a volume of another node": {claims: []*corev1.PersistentVolumeClaim{asking("c", "x", bound("v"))}, volumes: []*corev1.PersistentVolume{storedOn("v", "x", "b")}, refused: elsewhere},
		"a volume of the node":              {claims: []*corev1.PersistentVolumeClaim{asking("c", "there")}, volumes: []*corev1.PersistentVolume{storedOn("v", "there", "b"), storedOn("w", "there", "a")}, want: []string{"w"}},
		"none of the node":                  {claims: []*corev1.PersistentVolumeClaim{asking("c", "there")}, volumes: []*corev1.PersistentVolume{storedOn("v", "there", "b")}, refused: conflict},
		"one is made":                       {claims: []*corev1.PersistentVolumeClaim{asking("c", "made")}, want: []string{"new"}},
		"one is being made elsewhere":       {claims: []*corev1.PersistentVolumeClaim{asking("c", "made", selected("b"))}, refused: conflict},
		"none is made for the node":         {claims: []*corev1.PersistentVolumeClaim{asking("c", "zoned")}, refused: conflict},
	} {
		t.Run(name, func(t *testing.T) {
			known := &stored{
				claim: func(_, name string) *corev1.PersistentVolumeClaim {
					for _, c := range tc.claims {
						if c.Name == name {
							return c
						}
					}
					return nil
				},
				volume: func(name string) *corev1.PersistentVolume {
					for _, v := range tc.volumes {
						if v.Name == name {
							return v
						}
					}
					return nil
				},
				volumes: func() []*corev1.PersistentVolume { return tc.volumes },
				class:   func(name string) *storagev1.StorageClass { return classes[name] },
			}
			found, err := needsOf(pod("app", claiming("c")), known)
			if tc.nowhere != "" {
				if err == nil || err.Error() != tc.nowhere {
					t.Fatalf("error %v, want %s", err, tc.nowhere)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			promises, rejected := found.promisesOn(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{corev1.LabelHostname: "a"}}}, known)
			refused := ""
			if rejected != nil {
				refused = rejected.reasons[0]
			}
			var got []string
			for _, p := range promises {
				if p.volume == nil {
					got = append(got, "new")
				} else {
					got = append(got, p.volume.Name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || refused != tc.refused {
				t.Errorf("refused %q, want %q; volumes: %s", refused, tc.refused, diff)
			}
		})
	}
}
