package kind

import (
	"net"
	"path"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The sources of this file are disks and file systems of others; what is judged is whether they are described in full.

func validateGitRepo(repo *corev1.GitRepoVolumeSource, path *field.Path) field.ErrorList {
	return append(required(path, "repository", repo.Repository), validateDescendingPath(repo.Directory, path.Child("directory"))...)
}

func validateGCEDisk(disk *corev1.GCEPersistentDiskVolumeSource, path *field.Path) field.ErrorList {
	return append(required(path, "pdName", disk.PDName), validatePartition(disk.Partition, path.Child("partition"))...)
}

func validateAWSDisk(disk *corev1.AWSElasticBlockStoreVolumeSource, path *field.Path) field.ErrorList {
	return append(required(path, "volumeID", disk.VolumeID), validatePartition(disk.Partition, path.Child("partition"))...)
}

// validatePartition lets 0 pass, which means the whole disk; the text is upstream's.
func validatePartition(partition int32, path *field.Path) field.ErrorList {
	if partition >= 0 && partition <= 255 {
		return nil
	}
	return invalid(path, partition, validation.InclusiveRangeError(1, 255))
}

func validateNFS(nfs *corev1.NFSVolumeSource, fieldPath *field.Path) field.ErrorList {
	errs := required(fieldPath, "server", nfs.Server)
	errs = append(errs, required(fieldPath, "path", nfs.Path)...)
	if !path.IsAbs(nfs.Path) {
		errs = append(errs, field.Invalid(fieldPath.Child("path"), nfs.Path, "must be an absolute path"))
	}
	return errs
}

// iscsiNames are the three ways to name an initiator or target, by their first letters.
var iscsiNames = map[string]*regexp.Regexp{
	"iqn": regexp.MustCompile(`iqn\.[0-9]{4}-[0-9]{2}\.[a-zA-Z0-9.-]+:[^\s,;*&$|]+$`),
	"eui": regexp.MustCompile(`^eui.[a-zA-Z0-9]{16}$`),
	"naa": regexp.MustCompile(`^naa.[a-zA-Z0-9]{32}$`),
}

const iscsiForms = "must be valid format starting with iqn, eui, or naa"

// validateISCSI judges the iscsi source of the volume at volumePath.
func validateISCSI(iscsi *corev1.ISCSIVolumeSource, volume string, volumePath *field.Path) field.ErrorList {
	path := volumePath.Child("iscsi")
	errs := required(path, "targetPortal", iscsi.TargetPortal)
	if iscsi.IQN == "" {
		errs = append(errs, field.Required(path.Child("iqn"), ""))
	} else {
		errs = append(errs, validateISCSIName(iscsi.IQN, iscsiForms, path.Child("iqn"))...)
	}
	if iscsi.Lun < 0 || iscsi.Lun > 255 {
		errs = append(errs, field.Invalid(path.Child("lun"), iscsi.Lun, validation.InclusiveRangeError(0, 255)))
	}
	if (iscsi.DiscoveryCHAPAuth || iscsi.SessionCHAPAuth) && iscsi.SecretRef == nil {
		errs = append(errs, field.Required(path.Child("secretRef"), ""))
	}
	if iscsi.InitiatorName == nil {
		return errs
	}
	errs = append(errs, validateISCSIName(*iscsi.InitiatorName, iscsiForms, path.Child("initiatorname"))...)
	if len(volume+":"+iscsi.TargetPortal) > 64 {
		errs = append(errs, field.Invalid(volumePath.Child("name"), volume,
			"Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."))
	}
	return errs
}

// validateISCSIName wants one of the three forms; wanted is said of a name that begins like none.
func validateISCSIName(name, wanted string, path *field.Path) field.ErrorList {
	for prefix, form := range iscsiNames {
		if strings.HasPrefix(name, prefix) {
			if form.MatchString(name) {
				return nil
			}
			return invalid(path, name, "must be valid format")
		}
	}
	return invalid(path, name, wanted)
}

func validateGlusterfs(glusterfs *corev1.GlusterfsVolumeSource, path *field.Path) field.ErrorList {
	return append(required(path, "endpoints", glusterfs.EndpointsName), required(path, "path", glusterfs.Path)...)
}

func validateFlocker(flocker *corev1.FlockerVolumeSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch name, id := flocker.DatasetName != "", flocker.DatasetUUID != ""; {
	case !name && !id:
		errs = append(errs, field.Required(path, "one of datasetName and datasetUUID is required"))
	case name && id:
		errs = append(errs, field.Invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"))
	}
	if strings.Contains(flocker.DatasetName, "/") {
		errs = append(errs, field.Invalid(path.Child("datasetName"), flocker.DatasetName, "must not contain '/'"))
	}
	return errs
}

func validateRBD(rbd *corev1.RBDVolumeSource, path *field.Path) field.ErrorList {
	return append(requiredList(path, "monitors", rbd.CephMonitors), required(path, "image", rbd.RBDImage)...)
}

func validateCinder(cinder *corev1.CinderVolumeSource, path *field.Path) field.ErrorList {
	errs := required(path, "volumeID", cinder.VolumeID)
	if cinder.SecretRef != nil {
		errs = append(errs, required(path.Child("secretRef"), "name", cinder.SecretRef.Name)...)
	}
	return errs
}

func validateQuobyte(quobyte *corev1.QuobyteVolumeSource, path *field.Path) field.ErrorList {
	const registryText = "must be a host:port pair or multiple pairs separated by commas"
	var errs field.ErrorList
	switch {
	case quobyte.Registry == "":
		errs = append(errs, field.Required(path.Child("registry"), registryText))
	case len(quobyte.Tenant) > 64:
		errs = append(errs, field.Required(path.Child("tenant"), "must be a UUID and may not exceed a length of 64 characters"))
	default:
		for _, registry := range strings.Split(quobyte.Registry, ",") {
			if _, _, err := net.SplitHostPort(registry); err != nil {
				errs = append(errs, field.Invalid(path.Child("registry"), quobyte.Registry, registryText))
			}
		}
	}
	return append(errs, required(path, "volume", quobyte.Volume)...)
}

func validateFC(fc *corev1.FCVolumeSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch targets, ids := len(fc.TargetWWNs) > 0, len(fc.WWIDs) > 0; {
	case !targets && !ids:
		errs = append(errs, field.Required(path.Child("targetWWNs"), "must specify either targetWWNs or wwids, but not both"))
	case targets && ids:
		errs = append(errs, field.Invalid(path.Child("targetWWNs"), fc.TargetWWNs, "targetWWNs and wwids can not be specified simultaneously"))
	}
	if len(fc.TargetWWNs) == 0 {
		return errs
	}
	if fc.Lun == nil {
		errs = append(errs, field.Required(path.Child("lun"), "lun is required if targetWWNs is specified"))
	} else if *fc.Lun < 0 || *fc.Lun > 255 {
		errs = append(errs, field.Invalid(path.Child("lun"), fc.Lun, validation.InclusiveRangeError(0, 255)))
	}
	return errs
}

func validateFlex(flex *corev1.FlexVolumeSource, path *field.Path) field.ErrorList {
	errs := required(path, "driver", flex.Driver)
	for _, option := range sortedKeys(flex.Options) {
		domain, _, _ := strings.Cut(option, "/")
		domain = "." + strings.ToLower(domain)
		if strings.HasSuffix(domain, ".kubernetes.io") || strings.HasSuffix(domain, ".k8s.io") {
			errs = append(errs, field.Invalid(path.Child("options").Key(option), option, "kubernetes.io and k8s.io namespaces are reserved"))
		}
	}
	return errs
}

func validateAzureFile(file *corev1.AzureFileVolumeSource, path *field.Path) field.ErrorList {
	return append(required(path, "secretName", file.SecretName), required(path, "shareName", file.ShareName)...)
}

func validateAzureDisk(disk *corev1.AzureDiskVolumeSource, path *field.Path) field.ErrorList {
	errs := append(required(path, "diskName", disk.DiskName), required(path, "diskURI", disk.DataDiskURI)...)
	if disk.CachingMode != nil {
		errs = append(errs, validateSupported(*disk.CachingMode, path.Child("cachingMode"),
			corev1.AzureDataDiskCachingNone, corev1.AzureDataDiskCachingReadOnly, corev1.AzureDataDiskCachingReadWrite)...)
	}
	if disk.Kind == nil {
		return errs
	}
	errs = append(errs, validateSupported(*disk.Kind, path.Child("kind"),
		corev1.AzureDedicatedBlobDisk, corev1.AzureManagedDisk, corev1.AzureSharedBlobDisk)...)
	start, form := "https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
	if *disk.Kind == corev1.AzureManagedDisk {
		start, form = "/subscriptions/", "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
	}
	if !strings.HasPrefix(disk.DataDiskURI, start) {
		errs = append(errs, field.NotSupported(path.Child("diskURI"), disk.DataDiskURI, []string{form}))
	}
	return errs
}

func validateStorageOS(storage *corev1.StorageOSVolumeSource, path *field.Path) field.ErrorList {
	errs := required(path, "volumeName", storage.VolumeName)
	if storage.VolumeName != "" {
		errs = append(errs, validateDNSLabel(storage.VolumeName, path.Child("volumeName"))...)
	}
	if storage.VolumeNamespace != "" {
		errs = append(errs, validateDNSLabel(storage.VolumeNamespace, path.Child("volumeNamespace"))...)
	}
	if storage.SecretRef != nil {
		errs = append(errs, required(path.Child("secretRef"), "name", storage.SecretRef.Name)...)
	}
	return errs
}

func validateScaleIO(scaleIO *corev1.ScaleIOVolumeSource, path *field.Path) field.ErrorList {
	errs := append(required(path, "gateway", scaleIO.Gateway), required(path, "system", scaleIO.System)...)
	return append(errs, required(path, "volumeName", scaleIO.VolumeName)...)
}

func validateCSI(csi *corev1.CSIVolumeSource, path *field.Path) field.ErrorList {
	errs := required(path, "driver", csi.Driver)
	if csi.Driver != "" {
		if len(csi.Driver) > 63 {
			errs = append(errs, field.TooLong(path.Child("driver"), "", 63))
		}
		errs = append(errs, invalid(path.Child("driver"), csi.Driver, validation.IsDNS1123Subdomain(strings.ToLower(csi.Driver))...)...)
	}
	if secret := csi.NodePublishSecretRef; secret != nil {
		if secret.Name == "" {
			return append(errs, field.Required(path.Child("nodePublishSecretRef", "name"), ""))
		}
		errs = append(errs, invalid(path.Child("name"), secret.Name, apivalidation.NameIsDNSSubdomain(secret.Name, false)...)...)
	}
	return errs
}
