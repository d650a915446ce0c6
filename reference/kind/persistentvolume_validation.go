package kind

import (
	"maps"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func validatePersistentVolume(v *corev1.PersistentVolume) field.ErrorList {
	errs := validateMeta(&v.ObjectMeta, false, apivalidation.NameIsDNSSubdomain)
	spec, at := &v.Spec, field.NewPath("spec")
	if len(spec.AccessModes) == 0 {
		errs = append(errs, field.Required(at.Child("accessModes"), ""))
	}
	errs = append(errs, validateAccessModes(spec.AccessModes, at.Child("accessModes"))...)
	errs = append(errs, validateCapacity(spec.Capacity, at.Child("capacity"))...)
	if spec.PersistentVolumeReclaimPolicy != "" {
		errs = append(errs, validateSupported(spec.PersistentVolumeReclaimPolicy, at.Child("persistentVolumeReclaimPolicy"),
			corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRecycle, corev1.PersistentVolumeReclaimRetain)...)
	}
	if affinity, path := spec.NodeAffinity, at.Child("nodeAffinity", "required"); affinity != nil {
		if affinity.Required == nil {
			errs = append(errs, field.Required(path, "must specify required node constraints"))
		} else {
			errs = append(errs, validateNodeSelector(affinity.Required, path)...)
		}
	}
	errs = append(errs, validateOneSource(persistentSources(v, at), at)...)
	if host := spec.HostPath; host != nil && path.Clean(host.Path) == "/" && spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle {
		errs = append(errs, field.Forbidden(at.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'"))
	}
	if class := spec.StorageClassName; class != "" {
		errs = append(errs, invalid(at.Child("storageClassName"), class, apivalidation.NameIsDNSSubdomain(class, false)...)...)
	}
	if spec.VolumeMode != nil {
		errs = append(errs, validateSupported(*spec.VolumeMode, at.Child("volumeMode"), corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)...)
	}
	errs = append(errs, validateAttributesClass(spec, at)...)
	if _, set := v.Annotations[corev1.MountOptionAnnotation]; set && !takesMountOptions(&spec.PersistentVolumeSource) {
		errs = append(errs, field.Forbidden(field.NewPath("metadata", "annotations", corev1.MountOptionAnnotation), "may not specify mount options for this volume type"))
	}
	return errs
}

// validateAccessModes refuses unknown modes, and the one that excludes all others beside others.
func validateAccessModes(modes []corev1.PersistentVolumeAccessMode, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	single, shared := false, false
	for _, mode := range modes {
		unknown := validateSupported(mode, path, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOnce, corev1.ReadWriteOncePod)
		errs = append(errs, unknown...)
		single = single || mode == corev1.ReadWriteOncePod
		shared = shared || (mode != corev1.ReadWriteOncePod && len(unknown) == 0)
	}
	if single && shared {
		errs = append(errs, field.Forbidden(path, "may not use ReadWriteOncePod with other access modes"))
	}
	return errs
}

// validateCapacity wants one size: that of the storage.
func validateCapacity(capacity corev1.ResourceList, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(capacity) == 0 {
		errs = append(errs, field.Required(path, ""))
	}
	if _, sized := capacity[corev1.ResourceStorage]; !sized || len(capacity) > 1 {
		errs = append(errs, field.NotSupported(path, capacity, []corev1.ResourceName{corev1.ResourceStorage}))
	}
	for _, name := range slices.Sorted(maps.Keys(capacity)) {
		quantity := capacity[name]
		if quantity.Sign() < 0 {
			errs = append(errs, field.Invalid(path.Key(string(name)), quantity.Value(), "must be a valid resource quantity"))
		}
		if quantity.Sign() <= 0 {
			errs = append(errs, field.Invalid(path.Key(string(name)), quantity.String(), "must be greater than zero"))
		}
	}
	return errs
}

func validateAttributesClass(spec *corev1.PersistentVolumeSpec, at *field.Path) field.ErrorList {
	class := spec.VolumeAttributesClassName
	if class == nil {
		return nil
	}
	var errs field.ErrorList
	if path := at.Child("volumeAttributesClassName"); *class == "" {
		errs = append(errs, field.Required(path, "an empty string is disallowed"))
	} else {
		errs = append(errs, invalid(path, *class, apivalidation.NameIsDNSSubdomain(*class, false)...)...)
	}
	if spec.CSI == nil {
		errs = append(errs, field.Required(at.Child("csi"), "has to be specified when using volumeAttributesClassName"))
	}
	return errs
}

// persistentSources lists how each kind of source is judged, in upstream's order. What only names things as a Pod's volume does
// is judged by the same rules.
func persistentSources(v *corev1.PersistentVolume, at *field.Path) []volumeRule {
	s := &v.Spec.PersistentVolumeSource
	return []volumeRule{
		{s.HostPath != nil, "hostPath", func() field.ErrorList { return validateHostPath(s.HostPath, at.Child("hostPath")) }},
		{s.GCEPersistentDisk != nil, "gcePersistentDisk", func() field.ErrorList { return validateGCEDisk(s.GCEPersistentDisk, at.Child("persistentDisk")) }},
		{s.AWSElasticBlockStore != nil, "awsElasticBlockStore", func() field.ErrorList {
			return validateAWSDisk(s.AWSElasticBlockStore, at.Child("awsElasticBlockStore"))
		}},
		{s.Glusterfs != nil, "glusterfs", func() field.ErrorList { return validateGlusterfsVolume(s.Glusterfs, at.Child("glusterfs")) }},
		{s.Flocker != nil, "flocker", func() field.ErrorList { return validateFlocker(s.Flocker, at.Child("flocker")) }},
		{s.NFS != nil, "nfs", func() field.ErrorList { return validateNFS(s.NFS, at.Child("nfs")) }},
		{s.RBD != nil, "rbd", func() field.ErrorList {
			return append(requiredList(at.Child("rbd"), "monitors", s.RBD.CephMonitors), required(at.Child("rbd"), "image", s.RBD.RBDImage)...)
		}},
		{s.Quobyte != nil, "quobyte", func() field.ErrorList { return validateQuobyte(s.Quobyte, at.Child("quobyte")) }},
		{s.CephFS != nil, "cephFS", func() field.ErrorList { return requiredList(at.Child("cephfs"), "monitors", s.CephFS.Monitors) }},
		{s.ISCSI != nil, "iscsi", func() field.ErrorList { return validateISCSIVolume(s.ISCSI, v.Name, at.Child("iscsi")) }},
		{s.Cinder != nil, "cinder", func() field.ErrorList {
			return append(required(at.Child("cinder"), "volumeID", s.Cinder.VolumeID), validateSecretRef(s.Cinder.SecretRef, at.Child("cinder", "secretRef"))...)
		}},
		{s.FC != nil, "fc", func() field.ErrorList { return validateFC(s.FC, at.Child("fc")) }},
		{s.FlexVolume != nil, "flexVolume", func() field.ErrorList {
			return validateFlex(&corev1.FlexVolumeSource{Driver: s.FlexVolume.Driver, Options: s.FlexVolume.Options}, at.Child("flexVolume"))
		}},
		{s.AzureFile != nil, "azureFile", func() field.ErrorList { return validateAzureShare(s.AzureFile, at.Child("azureFile")) }},
		{s.VsphereVolume != nil, "vsphereVolume", func() field.ErrorList {
			return required(at.Child("vsphereVolume"), "volumePath", s.VsphereVolume.VolumePath)
		}},
		{s.PhotonPersistentDisk != nil, "photonPersistentDisk", func() field.ErrorList {
			return required(at.Child("photonPersistentDisk"), "pdID", s.PhotonPersistentDisk.PdID)
		}},
		{s.PortworxVolume != nil, "portworxVolume", func() field.ErrorList {
			return required(at.Child("portworxVolume"), "volumeID", s.PortworxVolume.VolumeID)
		}},
		{s.AzureDisk != nil, "azureDisk", func() field.ErrorList { return validateAzureDisk(s.AzureDisk, at.Child("azureDisk")) }},
		{s.ScaleIO != nil, "scaleIO", func() field.ErrorList {
			path := at.Child("scaleIO")
			errs := append(required(path, "gateway", s.ScaleIO.Gateway), required(path, "system", s.ScaleIO.System)...)
			return append(errs, required(path, "volumeName", s.ScaleIO.VolumeName)...)
		}},
		{s.Local != nil, "local", func() field.ErrorList { return validateLocal(s.Local, v.Spec.NodeAffinity, at) }},
		{s.StorageOS != nil, "storageos", func() field.ErrorList {
			source := &corev1.StorageOSVolumeSource{VolumeName: s.StorageOS.VolumeName, VolumeNamespace: s.StorageOS.VolumeNamespace}
			errs := validateStorageOS(source, at.Child("storageos"))
			if ref := s.StorageOS.SecretRef; ref != nil {
				errs = append(errs, required(at.Child("storageos", "secretRef"), "name", ref.Name)...)
				errs = append(errs, required(at.Child("storageos", "secretRef"), "namespace", ref.Namespace)...)
			}
			return errs
		}},
		{s.CSI != nil, "csi", func() field.ErrorList { return validateCSIVolume(s.CSI, at.Child("csi")) }},
	}
}

func validateGlusterfsVolume(s *corev1.GlusterfsPersistentVolumeSource, path *field.Path) field.ErrorList {
	errs := append(required(path, "endpoints", s.EndpointsName), required(path, "path", s.Path)...)
	if s.EndpointsNamespace != nil && *s.EndpointsNamespace == "" {
		errs = append(errs, field.Invalid(path.Child("endpointsNamespace"), *s.EndpointsNamespace, "if the endpointnamespace is set, it must be a valid namespace name"))
	}
	return errs
}

func validateISCSIVolume(s *corev1.ISCSIPersistentVolumeSource, name string, path *field.Path) field.ErrorList {
	errs := required(path, "targetPortal", s.TargetPortal)
	if s.InitiatorName != nil && len(name+":"+s.TargetPortal) > 64 {
		errs = append(errs, field.Invalid(path.Child("targetportal"), s.TargetPortal,
			"Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."))
	}
	if s.IQN == "" {
		errs = append(errs, field.Required(path.Child("iqn"), ""))
	} else {
		errs = append(errs, validateISCSIName(s.IQN, "must be valid format", path.Child("iqn"))...)
	}
	if s.Lun < 0 || s.Lun > 255 {
		errs = append(errs, field.Invalid(path.Child("lun"), s.Lun, "must be between 0 and 255, inclusive"))
	}
	if (s.DiscoveryCHAPAuth || s.SessionCHAPAuth) && s.SecretRef == nil {
		errs = append(errs, field.Required(path.Child("secretRef"), ""))
	}
	if s.SecretRef != nil {
		errs = append(errs, required(path.Child("secretRef"), "name", s.SecretRef.Name)...)
	}
	if s.InitiatorName != nil {
		errs = append(errs, validateISCSIName(*s.InitiatorName, "must be valid format", path.Child("initiatorname"))...)
	}
	return errs
}

func validateAzureShare(s *corev1.AzureFilePersistentVolumeSource, path *field.Path) field.ErrorList {
	errs := append(required(path, "secretName", s.SecretName), required(path, "shareName", s.ShareName)...)
	if s.SecretNamespace != nil {
		errs = append(errs, required(path, "secretNamespace", *s.SecretNamespace)...)
	}
	return errs
}

// validateLocal wants a path, and to know on which nodes it is.
func validateLocal(s *corev1.LocalVolumeSource, affinity *corev1.VolumeNodeAffinity, at *field.Path) field.ErrorList {
	path := at.Child("local", "path")
	var errs field.ErrorList
	if s.Path == "" {
		errs = append(errs, field.Required(path, ""))
	} else {
		errs = append(errs, validateNoBacksteps(s.Path, path)...)
	}
	if affinity == nil {
		errs = append(errs, field.Required(at.Child("nodeAffinity"), "Local volume requires node affinity"))
	}
	return errs
}

func validateCSIVolume(s *corev1.CSIPersistentVolumeSource, path *field.Path) field.ErrorList {
	errs := validateCSI(&corev1.CSIVolumeSource{Driver: s.Driver}, path)
	errs = append(errs, required(path, "volumeHandle", s.VolumeHandle)...)
	for _, secret := range []struct {
		ref  *corev1.SecretReference
		name string
	}{
		{s.ControllerPublishSecretRef, "controllerPublishSecretRef"}, {s.ControllerExpandSecretRef, "controllerExpandSecretRef"},
		{s.NodePublishSecretRef, "nodePublishSecretRef"}, {s.NodeExpandSecretRef, "nodeExpandSecretRef"},
	} {
		errs = append(errs, validateSecretRef(secret.ref, path.Child(secret.name))...)
	}
	return errs
}

// validateSecretRef wants the name of a secret, and where it is.
func validateSecretRef(ref *corev1.SecretReference, path *field.Path) field.ErrorList {
	if ref == nil {
		return nil
	}
	if ref.Name == "" {
		return append(field.ErrorList{field.Required(path.Child("name"), "")}, required(path, "namespace", ref.Namespace)...)
	}
	errs := invalid(path.Child("name"), ref.Name, apivalidation.NameIsDNSSubdomain(ref.Name, false)...)
	if ref.Namespace == "" {
		return append(errs, field.Required(path.Child("namespace"), ""))
	}
	return append(errs, invalid(path.Child("namespace"), ref.Namespace, apivalidation.ValidateNamespaceName(ref.Namespace, false)...)...)
}

// takesMountOptions says whether the mount-options annotation means something to a kind of source.
func takesMountOptions(s *corev1.PersistentVolumeSource) bool {
	return s.GCEPersistentDisk != nil || s.AWSElasticBlockStore != nil || s.Glusterfs != nil || s.NFS != nil || s.RBD != nil ||
		s.Quobyte != nil || s.ISCSI != nil || s.Cinder != nil || s.CephFS != nil || s.AzureFile != nil || s.VsphereVolume != nil ||
		s.AzureDisk != nil || s.PhotonPersistentDisk != nil
}
