package volume

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"
)

func size(text string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(text)}
}

func volumeOf(name, capacity string, change ...func(*corev1.PersistentVolume)) *corev1.PersistentVolume {
	v := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: size(capacity), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: "slow",
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeAvailable},
	}
	for _, c := range change {
		c(v)
	}
	return v
}

func boundTo(name, uid string) func(*corev1.PersistentVolume) {
	return func(v *corev1.PersistentVolume) {
		v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "default", Name: name, UID: types.UID(uid)}
	}
}

func claimOf(name string, change ...func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: ptr.To("slow"),
			Resources: corev1.VolumeResourceRequirements{Requests: size("2Gi")},
		},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func annotated(key, value string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) { metav1.SetMetaDataAnnotation(&c.ObjectMeta, key, value) }
}
func ofClass(name string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) { c.Spec.StorageClassName = &name }
}
func naming(volumeName string) func(*corev1.PersistentVolumeClaim) {
	return func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeName = volumeName }
}

// TestDecideClaim: what a claim gets, or is told (claim pods/persistent-volume-survives).
func TestDecideClaim(t *testing.T) {
	many := func(v *corev1.PersistentVolume) {
		v.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteMany}
	}
	classes := []*storagev1.StorageClass{
		{ObjectMeta: metav1.ObjectMeta{Name: "slow"}, Provisioner: volume.NotSupportedProvisioner, VolumeBindingMode: ptr.To(storagev1.VolumeBindingImmediate)},
		{ObjectMeta: metav1.ObjectMeta{Name: "late"}, Provisioner: "example.com/disks", VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer)},
		{ObjectMeta: metav1.ObjectMeta{Name: "made"}, Provisioner: "example.com/disks", VolumeBindingMode: ptr.To(storagev1.VolumeBindingImmediate)},
	}
	type result struct {
		Bind, Provision string
		Phase           corev1.PersistentVolumeClaimPhase
		Reason          string
	}
	for name, tc := range map[string]struct {
		claim   *corev1.PersistentVolumeClaim
		volumes []*corev1.PersistentVolume
		waiting []string
		want    result
	}{
		"the smallest that is large enough": {
			claimOf("c"), []*corev1.PersistentVolume{volumeOf("small", "1Gi"), volumeOf("large", "5Gi"), volumeOf("fit", "2Gi")}, nil, result{Bind: "fit"}},
		"the one with no more access modes than needed": {
			claimOf("c"), []*corev1.PersistentVolume{volumeOf("many", "2Gi", many), volumeOf("one", "9Gi")}, nil, result{Bind: "one"}},
		"the one that is reserved for it": {
			claimOf("c"), []*corev1.PersistentVolume{volumeOf("fit", "2Gi"), volumeOf("reserved", "9Gi", boundTo("c", ""))}, nil, result{Bind: "reserved"}},
		"not one that is reserved for another": {
			claimOf("c"), []*corev1.PersistentVolume{volumeOf("reserved", "2Gi", boundTo("d", ""))}, nil, result{Phase: corev1.ClaimPending, Reason: "ProvisioningFailed"}},
		"not one that an earlier claim of the name had": {
			claimOf("c"), []*corev1.PersistentVolume{volumeOf("old", "2Gi", boundTo("c", "earlier"))}, nil, result{Phase: corev1.ClaimPending, Reason: "ProvisioningFailed"}},
		"nothing without a class":    {claimOf("c", ofClass("")), nil, nil, result{Phase: corev1.ClaimPending, Reason: "FailedBinding"}},
		"nothing of no such class":   {claimOf("c", ofClass("none")), nil, nil, result{Phase: corev1.ClaimPending, Reason: "ProvisioningFailed"}},
		"one is made":                {claimOf("c", ofClass("made")), nil, nil, result{Phase: corev1.ClaimPending, Provision: "made"}},
		"none before there is a Pod": {claimOf("c", ofClass("late")), nil, nil, result{Phase: corev1.ClaimPending, Reason: "WaitForFirstConsumer"}},
		"none before the Pod has a node": {
			claimOf("c", ofClass("late")), nil, []string{"app"}, result{Phase: corev1.ClaimPending, Reason: "WaitForPodScheduled"}},
		"one is made once the node is chosen": {
			claimOf("c", ofClass("late"), annotated(volume.AnnSelectedNode, "n")), nil, nil, result{Phase: corev1.ClaimPending, Provision: "late"}},
		"the one it names":                {claimOf("c", naming("v")), []*corev1.PersistentVolume{volumeOf("v", "3Gi")}, nil, result{Bind: "v"}},
		"the one it names is not there":   {claimOf("c", naming("v")), nil, nil, result{Phase: corev1.ClaimPending}},
		"the one it names is too small":   {claimOf("c", naming("v")), []*corev1.PersistentVolume{volumeOf("v", "1Gi")}, nil, result{Phase: corev1.ClaimPending, Reason: "VolumeMismatch"}},
		"the one it names is another's":   {claimOf("c", naming("v")), []*corev1.PersistentVolume{volumeOf("v", "2Gi", boundTo("d", "d"))}, nil, result{Phase: corev1.ClaimPending, Reason: "FailedBinding"}},
		"the one it names is bound to it": {claimOf("c", naming("v")), []*corev1.PersistentVolume{volumeOf("v", "2Gi", boundTo("c", "c"))}, nil, result{Bind: "v"}},
		"bound, and all is well":          {claimOf("c", naming("v"), annotated(volume.AnnBindCompleted, "yes")), []*corev1.PersistentVolume{volumeOf("v", "2Gi", boundTo("c", "c"))}, nil, result{Bind: "v"}},
		"bound, and the volume is gone":   {claimOf("c", naming("v"), annotated(volume.AnnBindCompleted, "yes")), nil, nil, result{Phase: corev1.ClaimLost, Reason: "ClaimLost"}},
		"bound, and the volume another's": {claimOf("c", naming("v"), annotated(volume.AnnBindCompleted, "yes")), []*corev1.PersistentVolume{volumeOf("v", "2Gi", boundTo("d", "d"))}, nil, result{Phase: corev1.ClaimLost, Reason: "ClaimMisbound"}},
		"bound, and the name taken away":  {claimOf("c", annotated(volume.AnnBindCompleted, "yes")), nil, nil, result{Phase: corev1.ClaimLost, Reason: "ClaimLost"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := decideClaim(tc.claim, &view{volumes: tc.volumes, classes: classes, waiting: func(*corev1.PersistentVolumeClaim) []string { return tc.waiting }})
			got := result{Phase: plan.phase}
			if plan.bind != nil {
				got.Bind = plan.bind.Name
			}
			if plan.provision != nil {
				got.Provision = plan.provision.Name
			}
			if plan.tell != nil {
				got.Reason = plan.tell.reason
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDecideVolume: the phases of a volume, and when it is let go.
func TestDecideVolume(t *testing.T) {
	made := func(v *corev1.PersistentVolume) {
		metav1.SetMetaDataAnnotation(&v.ObjectMeta, volume.AnnDynamicallyProvisioned, "example.com/disks")
		v.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimDelete
	}
	failed := func(v *corev1.PersistentVolume) { v.Status.Phase = corev1.VolumeFailed }
	for name, tc := range map[string]struct {
		volume *corev1.PersistentVolume
		claim  *corev1.PersistentVolumeClaim
		want   volumePlan
	}{
		"nobody's":                   {volumeOf("v", "1Gi"), nil, volumePlan{phase: corev1.VolumeAvailable}},
		"reserved":                   {volumeOf("v", "1Gi", boundTo("c", "")), nil, volumePlan{phase: corev1.VolumeAvailable, claim: true}},
		"on the way to its claim":    {volumeOf("v", "1Gi", boundTo("c", "c")), claimOf("c"), volumePlan{claim: true}},
		"bound":                      {volumeOf("v", "1Gi", boundTo("c", "c")), claimOf("c", naming("v")), volumePlan{phase: corev1.VolumeBound}},
		"its claim is gone":          {volumeOf("v", "1Gi", boundTo("c", "c")), nil, volumePlan{phase: corev1.VolumeReleased, reclaim: true}},
		"another claim has the name": {volumeOf("v", "1Gi", boundTo("c", "earlier")), claimOf("c"), volumePlan{phase: corev1.VolumeReleased, reclaim: true}},
		"a failure stays marked":     {volumeOf("v", "1Gi", boundTo("c", "c"), failed), nil, volumePlan{phase: corev1.VolumeFailed, reclaim: true}},
		"its claim has another":      {volumeOf("v", "1Gi", boundTo("c", "c")), claimOf("c", naming("w")), volumePlan{unbind: true}},
		"made for nothing":           {volumeOf("v", "1Gi", boundTo("c", "c"), made), claimOf("c", naming("w")), volumePlan{phase: corev1.VolumeReleased, reclaim: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, decideVolume(tc.volume, tc.claim), cmp.AllowUnexported(volumePlan{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestInUse: a Pod on a node keeps its claims, whatever its phase; one without a node does not.
func TestInUse(t *testing.T) {
	podOf := func(node string, change ...func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "app", UID: "app"}, Spec: corev1.PodSpec{NodeName: node, Volumes: []corev1.Volume{
			{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}},
			{Name: "own", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}},
		}}}
		for _, f := range change {
			f(pod)
		}
		return pod
	}
	owned := claimOf("app-own", func(c *corev1.PersistentVolumeClaim) {
		c.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(podOf("n"), corev1.SchemeGroupVersion.WithKind("Pod"))}
	})
	done := func(pod *corev1.Pod) {
		pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = ptr.To(metav1.Now()), ptr.To[int64](0)
	}
	for name, tc := range map[string]struct {
		claim *corev1.PersistentVolumeClaim
		pod   *corev1.Pod
		want  bool
	}{
		"a Pod on a node":                     {claimOf("c"), podOf("n"), true},
		"a Pod that has ended":                {claimOf("c"), podOf("n", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), true},
		"a Pod without a node":                {claimOf("c"), podOf(""), false},
		"a Pod that uses others":              {claimOf("d"), podOf("n"), false},
		"the Pod's own claim":                 {owned, podOf("n"), true},
		"the own claim of a Pod that is done": {owned, podOf("n", done), false},
		"somebody else's claim of that name":  {claimOf("app-own"), podOf("n"), false},
		"a claim of a Pod whose node is done": {claimOf("c"), podOf("n", done), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inUse(tc.claim, []*corev1.Pod{tc.pod}); got != tc.want {
				t.Errorf("in use: %t, want %t", got, tc.want)
			}
		})
	}
}
