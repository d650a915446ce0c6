package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const fileModeText = "must be a number between 0 and 0777 (octal), both inclusive"

// validateVolumes judges the volumes, and remembers the good ones for the containers that mount them.
func (v *specValidator) validateVolumes(list *field.Path) field.ErrorList {
	var errs field.ErrorList
	v.volumes = map[string]corev1.VolumeSource{}
	created := sets.New[string]() // claims that will be made for this Pod's ephemeral volumes
	if v.meta != nil && v.meta.Name != "" {
		for _, volume := range v.spec.Volumes {
			if volume.Ephemeral != nil {
				created.Insert(v.meta.Name + "-" + volume.Name)
			}
		}
	}
	for i := range v.spec.Volumes {
		volume, path := &v.spec.Volumes[i], list.Index(i)
		bad := validateOneSource(v.volumeRules(volume, path), path)
		if volume.Name == "" {
			bad = append(bad, field.Required(path.Child("name"), ""))
		} else {
			bad = append(bad, validateDNSLabel(volume.Name, path.Child("name"))...)
		}
		if _, taken := v.volumes[volume.Name]; taken {
			bad = append(bad, field.Duplicate(path.Child("name"), volume.Name))
		}
		if len(bad) == 0 {
			v.volumes[volume.Name] = volume.VolumeSource
		}
		errs = append(errs, bad...)
		if claim := volume.PersistentVolumeClaim; claim != nil && created.Has(claim.ClaimName) {
			errs = append(errs, field.Invalid(path.Child("persistentVolumeClaim", "claimName"), claim.ClaimName, "must not reference a PVC that gets created for an ephemeral volume"))
		}
	}
	return errs
}

// volumeRule is how one kind of source is judged. A second source is refused at refusedAt, which is where upstream
// has it: not everywhere the name of the field.
type volumeRule struct {
	set       bool
	refusedAt string
	judge     func() field.ErrorList
}

// validateOneSource demands exactly one source, and judges it. Further ones are refused unseen.
func validateOneSource(rules []volumeRule, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	found := false
	for _, rule := range rules {
		switch {
		case !rule.set:
		case found:
			errs = append(errs, field.Forbidden(path.Child(rule.refusedAt), "may not specify more than 1 volume type"))
		default:
			found = true
			errs = append(errs, rule.judge()...)
		}
	}
	if !found {
		errs = append(errs, field.Required(path, "must specify a volume type"))
	}
	return errs
}

// volumeRules lists the rules for a volume in the order in which upstream looks at its sources. Those that nothing
// here can mount are judged all the same: a Pod with one waits for its node, as it does where the driver is missing.
func (v *specValidator) volumeRules(volume *corev1.Volume, path *field.Path) []volumeRule {
	s := &volume.VolumeSource
	return []volumeRule{
		{s.EmptyDir != nil, "emptyDir", func() field.ErrorList { return validateEmptyDir(s.EmptyDir, path.Child("emptyDir")) }},
		{s.HostPath != nil, "hostPath", func() field.ErrorList { return validateHostPath(s.HostPath, path.Child("hostPath")) }},
		{s.GitRepo != nil, "gitRepo", func() field.ErrorList { return validateGitRepo(s.GitRepo, path.Child("gitRepo")) }},
		{s.GCEPersistentDisk != nil, "gcePersistentDisk", func() field.ErrorList { return validateGCEDisk(s.GCEPersistentDisk, path.Child("persistentDisk")) }},
		{s.AWSElasticBlockStore != nil, "awsElasticBlockStore", func() field.ErrorList {
			return validateAWSDisk(s.AWSElasticBlockStore, path.Child("awsElasticBlockStore"))
		}},
		{s.Secret != nil, "secret", func() field.ErrorList {
			return validateFiles(s.Secret.SecretName, "secretName", s.Secret.DefaultMode, s.Secret.Items, path.Child("secret"))
		}},
		{s.NFS != nil, "nfs", func() field.ErrorList { return validateNFS(s.NFS, path.Child("nfs")) }},
		{s.ISCSI != nil, "iscsi", func() field.ErrorList { return validateISCSI(s.ISCSI, volume.Name, path) }},
		{s.Glusterfs != nil, "glusterfs", func() field.ErrorList { return validateGlusterfs(s.Glusterfs, path.Child("glusterfs")) }},
		{s.Flocker != nil, "flocker", func() field.ErrorList { return validateFlocker(s.Flocker, path.Child("flocker")) }},
		{s.PersistentVolumeClaim != nil, "persistentVolumeClaim", func() field.ErrorList {
			return required(path.Child("persistentVolumeClaim"), "claimName", s.PersistentVolumeClaim.ClaimName)
		}},
		{s.RBD != nil, "rbd", func() field.ErrorList { return validateRBD(s.RBD, path.Child("rbd")) }},
		{s.Cinder != nil, "cinder", func() field.ErrorList { return validateCinder(s.Cinder, path.Child("cinder")) }},
		{s.CephFS != nil, "cephFS", func() field.ErrorList { return requiredList(path.Child("cephfs"), "monitors", s.CephFS.Monitors) }},
		{s.Quobyte != nil, "quobyte", func() field.ErrorList { return validateQuobyte(s.Quobyte, path.Child("quobyte")) }},
		{s.DownwardAPI != nil, "downwarAPI", func() field.ErrorList { return validateDownwardAPI(s.DownwardAPI, path.Child("downwardAPI")) }},
		{s.FC != nil, "fc", func() field.ErrorList { return validateFC(s.FC, path.Child("fc")) }},
		{s.FlexVolume != nil, "flexVolume", func() field.ErrorList { return validateFlex(s.FlexVolume, path.Child("flexVolume")) }},
		{s.ConfigMap != nil, "configMap", func() field.ErrorList {
			return validateFiles(s.ConfigMap.Name, "name", s.ConfigMap.DefaultMode, s.ConfigMap.Items, path.Child("configMap"))
		}},
		{s.AzureFile != nil, "azureFile", func() field.ErrorList { return validateAzureFile(s.AzureFile, path.Child("azureFile")) }},
		{s.VsphereVolume != nil, "vsphereVolume", func() field.ErrorList {
			return required(path.Child("vsphereVolume"), "volumePath", s.VsphereVolume.VolumePath)
		}},
		{s.PhotonPersistentDisk != nil, "photonPersistentDisk", func() field.ErrorList {
			return required(path.Child("photonPersistentDisk"), "pdID", s.PhotonPersistentDisk.PdID)
		}},
		{s.PortworxVolume != nil, "portworxVolume", func() field.ErrorList {
			return required(path.Child("portworxVolume"), "volumeID", s.PortworxVolume.VolumeID)
		}},
		{s.AzureDisk != nil, "azureDisk", func() field.ErrorList { return validateAzureDisk(s.AzureDisk, path.Child("azureDisk")) }},
		{s.StorageOS != nil, "storageos", func() field.ErrorList { return validateStorageOS(s.StorageOS, path.Child("storageos")) }},
		{s.Projected != nil, "projected", func() field.ErrorList { return validateProjected(s.Projected, path.Child("projected")) }},
		{s.ScaleIO != nil, "scaleIO", func() field.ErrorList { return validateScaleIO(s.ScaleIO, path.Child("scaleIO")) }},
		{s.CSI != nil, "csi", func() field.ErrorList { return validateCSI(s.CSI, path.Child("csi")) }},
		{s.Ephemeral != nil, "ephemeral", func() field.ErrorList { return v.validateEphemeralVolume(volume, path) }},
		{s.Image != nil, "image", func() field.ErrorList {
			path := path.Child("image")
			return append(required(path, "reference", s.Image.Reference), validatePullPolicy(s.Image.PullPolicy, path.Child("pullPolicy"))...)
		}},
	}
}

func validateEmptyDir(dir *corev1.EmptyDirVolumeSource, path *field.Path) field.ErrorList {
	if dir.SizeLimit != nil && dir.SizeLimit.Sign() < 0 {
		return field.ErrorList{field.Forbidden(path.Child("sizeLimit"), "SizeLimit field must be a valid resource quantity")}
	}
	return nil
}

func validateHostPath(host *corev1.HostPathVolumeSource, path *field.Path) field.ErrorList {
	if host.Path == "" {
		return field.ErrorList{field.Required(path.Child("path"), "")}
	}
	errs := validateNoBacksteps(host.Path, path.Child("path"))
	if host.Type != nil {
		errs = append(errs, validateSupported(*host.Type, path.Child("type"),
			corev1.HostPathUnset, corev1.HostPathBlockDev, corev1.HostPathCharDev, corev1.HostPathDirectory,
			corev1.HostPathDirectoryOrCreate, corev1.HostPathFile, corev1.HostPathFileOrCreate, corev1.HostPathSocket)...)
	}
	return errs
}

// validateFiles judges a volume whose files are the keys of an object, a secret or a config map.
func validateFiles(object, objectField string, mode *int32, items []corev1.KeyToPath, path *field.Path) field.ErrorList {
	errs := required(path, objectField, object)
	errs = append(errs, validateMode(mode, path.Child("defaultMode"))...)
	for i, item := range items {
		errs = append(errs, validateKeyToPath(item, path.Child("items").Index(i))...)
	}
	return errs
}

func validateKeyToPath(item corev1.KeyToPath, path *field.Path) field.ErrorList {
	errs := required(path, "key", item.Key)
	errs = append(errs, required(path, "path", item.Path)...)
	errs = append(errs, validateLocalPath(item.Path, path.Child("path"))...)
	return append(errs, validateMode(item.Mode, path.Child("mode"))...)
}

func validateMode(mode *int32, path *field.Path) field.ErrorList {
	if mode == nil || (*mode >= 0 && *mode <= 0777) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *mode, fileModeText)}
}

// volumeFields are the fields of a Pod that a volume may show.
var volumeFields = []string{"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"}

// validateDownwardFile judges a file with a field of the Pod. Upstream names the volume here, not the file.
func validateDownwardFile(file corev1.DownwardAPIVolumeFile, path *field.Path) field.ErrorList {
	errs := required(path, "path", file.Path)
	errs = append(errs, validateLocalPath(file.Path, path.Child("path"))...)
	switch {
	case file.FieldRef != nil:
		errs = append(errs, validateFieldRef(file.FieldRef, volumeFields, path.Child("fieldRef"))...)
		if file.ResourceFieldRef != nil {
			errs = append(errs, field.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
		}
	case file.ResourceFieldRef != nil:
		errs = append(errs, validateResourceRef(file.ResourceFieldRef, true, path.Child("resourceFieldRef"))...)
	default:
		errs = append(errs, field.Required(path, "one of fieldRef and resourceFieldRef is required"))
	}
	return append(errs, validateMode(file.Mode, path.Child("mode"))...)
}

func validateDownwardAPI(source *corev1.DownwardAPIVolumeSource, path *field.Path) field.ErrorList {
	errs := validateMode(source.DefaultMode, path.Child("defaultMode"))
	for _, file := range source.Items {
		errs = append(errs, validateDownwardFile(file, path)...)
	}
	return errs
}

// validateEphemeralVolume judges a volume at path, whose claim is made for the Pod.
func (v *specValidator) validateEphemeralVolume(volume *corev1.Volume, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if template, path := volume.Ephemeral.VolumeClaimTemplate, path.Child("ephemeral", "volumeClaimTemplate"); template == nil {
		errs = append(errs, field.Required(path, ""))
	} else {
		errs = append(errs, validateClaimTemplate(template, path)...)
	}
	if v.meta == nil || v.meta.Name == "" || volume.Name == "" {
		return errs
	}
	claim := v.meta.Name + "-" + volume.Name
	for _, message := range apivalidation.NameIsDNSSubdomain(claim, false) {
		errs = append(errs, field.Invalid(path.Child("name"), volume.Name, fmt.Sprintf("PVC name %q: %v", claim, message)))
	}
	return errs
}

// required demands that a field has a value.
func required(path *field.Path, name, value string) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path.Child(name), "")}
	}
	return nil
}

// requiredList demands that a list has an item.
func requiredList(path *field.Path, name string, values []string) field.ErrorList {
	if len(values) == 0 {
		return field.ErrorList{field.Required(path.Child(name), "")}
	}
	return nil
}
