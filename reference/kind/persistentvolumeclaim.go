package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/utils/ptr"
)

// PersistentVolumeClaim asks for a piece of storage that outlives Pods.
var PersistentVolumeClaim = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "PersistentVolumeClaim",
	Resource:     "persistentvolumeclaims",
	Singular:     "persistentvolumeclaim",
	ShortNames:   []string{"pvc"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.PersistentVolumeClaim{} },
	NewList:      func() runtime.Object { return &corev1.PersistentVolumeClaimList{} },

	Default: func(obj runtime.Object) { defaultClaim(obj.(*corev1.PersistentVolumeClaim)) },
	PrepareCreate: func(obj runtime.Object) {
		claim := obj.(*corev1.PersistentVolumeClaim)
		claim.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}
		settleSources(&claim.Spec, nil)
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		claim, was := obj.(*corev1.PersistentVolumeClaim), old.(*corev1.PersistentVolumeClaim)
		was.Status.DeepCopyInto(&claim.Status)
		settleSources(&claim.Spec, &was.Spec)
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateClaim(obj.(*corev1.PersistentVolumeClaim)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateClaimUpdate(obj.(*corev1.PersistentVolumeClaim), old.(*corev1.PersistentVolumeClaim))
	},
	Warn: func(obj, _ runtime.Object) []string { return claimWarnings(obj.(*corev1.PersistentVolumeClaim)) },
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			old.(*corev1.PersistentVolumeClaim).Spec.DeepCopyInto(&obj.(*corev1.PersistentVolumeClaim).Spec)
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validateClaimStatus(obj.(*corev1.PersistentVolumeClaim), old.(*corev1.PersistentVolumeClaim))
		},
	},
	// Upstream selects by the name without its "metadata." too.
	Fields: func(obj runtime.Object) fields.Set {
		return fields.Set{"name": obj.(*corev1.PersistentVolumeClaim).Name}
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Status", Type: "string", Description: corev1.PersistentVolumeClaimStatus{}.SwaggerDoc()["phase"]},
		{Name: "Volume", Type: "string", Description: corev1.PersistentVolumeClaimSpec{}.SwaggerDoc()["volumeName"]},
		{Name: "Capacity", Type: "string", Description: corev1.PersistentVolumeClaimStatus{}.SwaggerDoc()["capacity"]},
		{Name: "Access Modes", Type: "string", Description: corev1.PersistentVolumeClaimStatus{}.SwaggerDoc()["accessModes"]},
		{Name: "StorageClass", Type: "string", Description: "StorageClass of the pvc"},
		{Name: "VolumeAttributesClass", Type: "string", Description: "VolumeAttributesClass of the pvc"},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "VolumeMode", Type: "string", Priority: 1, Description: corev1.PersistentVolumeClaimSpec{}.SwaggerDoc()["volumeMode"]},
	},
	Row:                      func(obj runtime.Object) []any { return claimRow(obj.(*corev1.PersistentVolumeClaim)) },
	AllowUnconditionalUpdate: true,
}

func defaultClaim(claim *corev1.PersistentVolumeClaim) {
	if claim.Status.Phase == "" {
		claim.Status.Phase = corev1.ClaimPending
	}
	if claim.Spec.VolumeMode == nil {
		claim.Spec.VolumeMode = ptr.To(corev1.PersistentVolumeFilesystem)
	}
	for _, list := range []corev1.ResourceList{claim.Spec.Resources.Limits, claim.Spec.Resources.Requests, claim.Status.Capacity, claim.Status.AllocatedResources} {
		roundResources(list)
	}
}

// settleSources makes dataSource and its newer form say the same. What nothing could fill a volume from is dropped from the
// older field, as it always was.
func settleSources(spec, old *corev1.PersistentVolumeClaimSpec) {
	inUse := old != nil && (old.DataSource != nil || old.DataSourceRef != nil)
	if spec.DataSourceRef != nil && spec.DataSourceRef.Namespace != nil && !inUse {
		spec.DataSourceRef.Namespace = nil // volumes are not filled across namespaces here
	}
	if source := spec.DataSource; source != nil && spec.DataSourceRef == nil && !inUse {
		group := ptr.Deref(source.APIGroup, "")
		isClaim := group == "" && source.Kind == "PersistentVolumeClaim"
		isSnapshot := group == "snapshot.storage.k8s.io" && source.Kind == "VolumeSnapshot"
		if !isClaim && !isSnapshot {
			spec.DataSource = nil
		}
	}
	switch source, ref := spec.DataSource, spec.DataSourceRef; {
	case source != nil && ref == nil:
		spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: source.APIGroup, Kind: source.Kind, Name: source.Name}
	case source == nil && ref != nil && ptr.Deref(ref.Namespace, "") == "":
		spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: ref.APIGroup, Kind: ref.Kind, Name: ref.Name}
	}
}

func validateClaim(claim *corev1.PersistentVolumeClaim) field.ErrorList {
	errs := validateMeta(&claim.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	return append(errs, validateClaimSpec(&claim.Spec, field.NewPath("spec"))...)
}

// validateClaimUpdate lets a claim get a volume and a class once, and lets a bound one ask for more room. All else stays.
func validateClaimUpdate(claim, old *corev1.PersistentVolumeClaim) field.ErrorList {
	errs := validateMetaUpdate(&claim.ObjectMeta, &old.ObjectMeta)
	errs = append(errs, validateClaim(claim)...)
	spec, was := claim.Spec.DeepCopy(), old.Spec.DeepCopy()
	if was.VolumeName == "" {
		was.VolumeName = spec.VolumeName
	}
	newClass, oldClass := claim.Annotations[corev1.BetaStorageClassAnnotation], old.Annotations[corev1.BetaStorageClassAnnotation]
	if newClass != oldClass {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "annotations").Key(corev1.BetaStorageClassAnnotation), newClass, "field is immutable"))
	}
	if was.StorageClassName == nil && (oldClass == "" || ptr.Deref(spec.StorageClassName, "") == oldClass) {
		was.StorageClassName = spec.StorageClassName
	}
	if claim.Status.Phase == corev1.ClaimBound {
		if spec.Resources.Requests != nil {
			spec.Resources.Requests[corev1.ResourceStorage] = old.Spec.Resources.Requests[corev1.ResourceStorage]
		}
		spec.VolumeAttributesClassName = was.VolumeAttributesClassName
	}
	if !equality.Semantic.DeepEqual(spec, was) {
		errs = append(errs, field.Forbidden(field.NewPath("spec"),
			fmt.Sprintf("spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n%v", diff.Diff(*was, *spec))))
	}
	size, oldSize := claim.Spec.Resources.Requests[corev1.ResourceStorage], old.Spec.Resources.Requests[corev1.ResourceStorage]
	if actual := old.Status.Capacity[corev1.ResourceStorage]; size.Cmp(oldSize) < 0 && size.Cmp(actual) <= 0 {
		errs = append(errs, field.Forbidden(field.NewPath("spec", "resources", "requests", "storage"), "field can not be less than status.capacity"))
	}
	return append(errs, apivalidation.ValidateImmutableField(claim.Spec.VolumeMode, old.Spec.VolumeMode, field.NewPath("volumeMode"))...)
}

// validateClaimStatus judges what controllers and nodes say of a claim.
func validateClaimStatus(claim, old *corev1.PersistentVolumeClaim) field.ErrorList {
	errs := validateMetaUpdate(&claim.ObjectMeta, &old.ObjectMeta)
	path := field.NewPath("status", "capacity")
	for name, quantity := range claim.Status.Capacity {
		if quantity.Sign() < 0 {
			errs = append(errs, field.Invalid(path.Key(string(name)), quantity.Value(), "must be a valid resource quantity"))
		}
	}
	return errs
}

func claimWarnings(claim *corev1.PersistentVolumeClaim) []string {
	var warnings []string
	if _, used := claim.Annotations[corev1.BetaStorageClassAnnotation]; used {
		warnings = append(warnings, fmt.Sprintf(`%s: deprecated since v1.8; use "storageClassName" attribute instead`,
			field.NewPath("metadata", "annotations").Key(corev1.BetaStorageClassAnnotation)))
	}
	for _, list := range []struct {
		name   string
		values corev1.ResourceList
	}{{"requests", claim.Spec.Resources.Requests}, {"limits", claim.Spec.Resources.Limits}} {
		if size := list.values[corev1.ResourceStorage]; size.MilliValue()%1000 != 0 {
			warnings = append(warnings, fmt.Sprintf("spec.resources.%s[storage]: fractional byte value %q is invalid, must be an integer", list.name, size.String()))
		}
	}
	return warnings
}

func claimRow(claim *corev1.PersistentVolumeClaim) []any {
	phase, capacity, modes := string(claim.Status.Phase), "", ""
	if claim.DeletionTimestamp != nil {
		phase = "Terminating"
	}
	if claim.Spec.VolumeName != "" {
		size := claim.Status.Capacity[corev1.ResourceStorage]
		capacity, modes = size.String(), shortModes(claim.Status.AccessModes)
	}
	return []any{
		claim.Name, phase, claim.Spec.VolumeName, capacity, modes, volume.GetPersistentVolumeClaimClass(claim),
		ptr.Deref(claim.Spec.VolumeAttributesClassName, "<unset>"), age(claim.CreationTimestamp), string(ptr.Deref(claim.Spec.VolumeMode, "<unset>")),
	}
}
