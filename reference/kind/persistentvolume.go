package kind

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"
)

// PersistentVolume is a piece of storage that outlives Pods.
var PersistentVolume = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "PersistentVolume",
	Resource:     "persistentvolumes",
	Singular:     "persistentvolume",
	ShortNames:   []string{"pv"},
	New:          func() runtime.Object { return &corev1.PersistentVolume{} },
	NewList:      func() runtime.Object { return &corev1.PersistentVolumeList{} },

	Default: func(obj runtime.Object) { defaultPersistentVolume(obj.(*corev1.PersistentVolume)) },
	PrepareCreate: func(obj runtime.Object) {
		now := metav1.NewTime(time.Now())
		obj.(*corev1.PersistentVolume).Status = corev1.PersistentVolumeStatus{Phase: corev1.VolumePending, LastPhaseTransitionTime: &now}
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		old.(*corev1.PersistentVolume).Status.DeepCopyInto(&obj.(*corev1.PersistentVolume).Status)
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		return validatePersistentVolume(obj.(*corev1.PersistentVolume))
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validatePersistentVolumeUpdate(obj.(*corev1.PersistentVolume), old.(*corev1.PersistentVolume))
	},
	Warn: func(obj, _ runtime.Object) []string { return persistentVolumeWarnings(obj.(*corev1.PersistentVolume)) },
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			preparePersistentVolumeStatus(obj.(*corev1.PersistentVolume), old.(*corev1.PersistentVolume))
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validateMetaUpdate(&obj.(*corev1.PersistentVolume).ObjectMeta, &old.(*corev1.PersistentVolume).ObjectMeta)
		},
	},
	// Upstream selects by the name without its "metadata." too.
	Fields: func(obj runtime.Object) fields.Set { return fields.Set{"name": obj.(*corev1.PersistentVolume).Name} },
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Capacity", Type: "string", Description: corev1.PersistentVolumeSpec{}.SwaggerDoc()["capacity"]},
		{Name: "Access Modes", Type: "string", Description: corev1.PersistentVolumeSpec{}.SwaggerDoc()["accessModes"]},
		{Name: "Reclaim Policy", Type: "string", Description: corev1.PersistentVolumeSpec{}.SwaggerDoc()["persistentVolumeReclaimPolicy"]},
		{Name: "Status", Type: "string", Description: corev1.PersistentVolumeStatus{}.SwaggerDoc()["phase"]},
		{Name: "Claim", Type: "string", Description: corev1.PersistentVolumeSpec{}.SwaggerDoc()["claimRef"]},
		{Name: "StorageClass", Type: "string", Description: "StorageClass of the pv"},
		{Name: "VolumeAttributesClass", Type: "string", Description: "VolumeAttributesClass of the pv"},
		{Name: "Reason", Type: "string", Description: corev1.PersistentVolumeStatus{}.SwaggerDoc()["reason"]},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "VolumeMode", Type: "string", Priority: 1, Description: corev1.PersistentVolumeSpec{}.SwaggerDoc()["volumeMode"]},
	},
	Row:                      func(obj runtime.Object) []any { return persistentVolumeRow(obj.(*corev1.PersistentVolume)) },
	AllowUnconditionalUpdate: true,
}

func defaultPersistentVolume(v *corev1.PersistentVolume) {
	if v.Status.Phase == "" {
		v.Status.Phase = corev1.VolumePending
	}
	if v.Spec.PersistentVolumeReclaimPolicy == "" {
		v.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
	}
	if v.Spec.VolumeMode == nil {
		v.Spec.VolumeMode = ptr.To(corev1.PersistentVolumeFilesystem)
	}
	if host := v.Spec.HostPath; host != nil && host.Type == nil {
		host.Type = ptr.To(corev1.HostPathUnset)
	}
	defaultRemoteVolume(&corev1.VolumeSource{AzureDisk: v.Spec.AzureDisk})
	if iscsi := v.Spec.ISCSI; iscsi != nil {
		iscsi.ISCSIInterface = cmp.Or(iscsi.ISCSIInterface, "default")
	}
	if rbd := v.Spec.RBD; rbd != nil {
		rbd.RBDPool, rbd.RadosUser, rbd.Keyring = cmp.Or(rbd.RBDPool, "rbd"), cmp.Or(rbd.RadosUser, "admin"), cmp.Or(rbd.Keyring, "/etc/ceph/keyring")
	}
	if s := v.Spec.ScaleIO; s != nil {
		s.StorageMode, s.FSType = cmp.Or(s.StorageMode, "ThinProvisioned"), cmp.Or(s.FSType, "xfs")
	}
	roundResources(v.Spec.Capacity)
}

// preparePersistentVolumeStatus keeps the rest, and notes when the phase changed, unless the writer said when.
func preparePersistentVolumeStatus(v, old *corev1.PersistentVolume) {
	old.Spec.DeepCopyInto(&v.Spec)
	if v.Status.Phase == old.Status.Phase {
		if v.Status.LastPhaseTransitionTime == nil {
			v.Status.LastPhaseTransitionTime = old.Status.LastPhaseTransitionTime
		}
		return
	}
	if v.Status.LastPhaseTransitionTime == nil || v.Status.LastPhaseTransitionTime.Equal(old.Status.LastPhaseTransitionTime) {
		now := metav1.NewTime(time.Now())
		v.Status.LastPhaseTransitionTime = &now
	}
}

func validatePersistentVolumeUpdate(v, old *corev1.PersistentVolume) field.ErrorList {
	errs := validatePersistentVolume(v)
	was := old.Spec.PersistentVolumeSource.DeepCopy()
	if was.CSI != nil && was.CSI.ControllerExpandSecretRef == nil && v.Spec.CSI != nil {
		was.CSI.ControllerExpandSecretRef = v.Spec.CSI.ControllerExpandSecretRef
	}
	if !reflect.DeepEqual(&v.Spec.PersistentVolumeSource, was) {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "persistentvolumesource"),
			"spec.persistentvolumesource is immutable after creation\n"+diff.Diff(*was, v.Spec.PersistentVolumeSource)))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(v.Spec.VolumeMode, old.Spec.VolumeMode, field.NewPath("volumeMode"))...)
	if old.Spec.NodeAffinity != nil && !reflect.DeepEqual(v.Spec.NodeAffinity, old.Spec.NodeAffinity) {
		errs = append(errs, field.Invalid(field.NewPath("nodeAffinity"), v.Spec.NodeAffinity,
			"field is immutable, except for updating from beta label to GA"))
	}
	if old.Spec.VolumeAttributesClassName != nil && v.Spec.VolumeAttributesClassName == nil {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "volumeAttributesClassName"), "update from non-nil value to nil is forbidden"))
	}
	return errs
}

// persistentVolumeWarnings name what is deprecated.
func persistentVolumeWarnings(v *corev1.PersistentVolume) []string {
	var warnings []string
	for _, deprecated := range []struct{ key, message string }{
		{corev1.BetaStorageClassAnnotation, `deprecated since v1.8; use "storageClassName" attribute instead`},
		{corev1.MountOptionAnnotation, `deprecated since v1.31; use "mountOptions" attribute instead`},
	} {
		if _, used := v.Annotations[deprecated.key]; used {
			warnings = append(warnings, field.NewPath("metadata", "annotations").Key(deprecated.key).String()+": "+deprecated.message)
		}
	}
	if v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle {
		warnings = append(warnings, "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.")
	}
	for _, plugin := range []struct {
		used              bool
		name, since, gone string
	}{
		{v.Spec.CephFS != nil, "cephfs", "1.28", "1.31"},
		{v.Spec.PhotonPersistentDisk != nil, "photonPersistentDisk", "1.11", "1.16"},
		{v.Spec.ScaleIO != nil, "scaleIO", "1.16", "1.22"},
		{v.Spec.StorageOS != nil, "storageOS", "1.22", "1.25"},
		{v.Spec.Glusterfs != nil, "glusterfs", "1.25", "1.26"},
		{v.Spec.RBD != nil, "rbd", "1.28", "1.31"},
	} {
		if plugin.used {
			warnings = append(warnings, "spec."+plugin.name+": deprecated in v"+plugin.since+", non-functional in v"+plugin.gone+"+")
		}
	}
	return warnings
}

func persistentVolumeRow(v *corev1.PersistentVolume) []any {
	claim := ""
	if ref := v.Spec.ClaimRef; ref != nil {
		claim = ref.Namespace + "/" + ref.Name
	}
	phase := string(v.Status.Phase)
	if v.DeletionTimestamp != nil {
		phase = "Terminating"
	}
	size := v.Spec.Capacity[corev1.ResourceStorage]
	return []any{
		v.Name, size.String(), shortModes(v.Spec.AccessModes), string(v.Spec.PersistentVolumeReclaimPolicy), phase, claim,
		volume.GetPersistentVolumeClass(v), ptr.Deref(v.Spec.VolumeAttributesClassName, "<unset>"), v.Status.Reason,
		age(v.CreationTimestamp), string(ptr.Deref(v.Spec.VolumeMode, "<unset>")),
	}
}

// shortModes are access modes as tables show them, each once and in a fixed order.
func shortModes(modes []corev1.PersistentVolumeAccessMode) string {
	var short []string
	for _, known := range []struct {
		mode corev1.PersistentVolumeAccessMode
		name string
	}{
		{corev1.ReadWriteOnce, "RWO"}, {corev1.ReadOnlyMany, "ROX"}, {corev1.ReadWriteMany, "RWX"}, {corev1.ReadWriteOncePod, "RWOP"},
	} {
		if slices.Contains(modes, known.mode) {
			short = append(short, known.name)
		}
	}
	return strings.Join(short, ",")
}
