package kind

import (
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateMounts judges where a container mounts volumes. Some of upstream's errors name the list and not the item;
// so do these.
func (v *specValidator) validateMounts(c *corev1.Container, list *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := sets.New[string]()
	devices := map[string]string{} // by name; where a name comes twice, its last path counts
	for _, device := range c.VolumeDevices {
		devices[device.Name] = device.DevicePath
	}
	for i, mount := range c.VolumeMounts {
		item := list.Index(i)
		if mount.Name == "" {
			errs = append(errs, field.Required(item.Child("name"), ""))
		}
		if _, found := v.volumes[mount.Name]; !found {
			errs = append(errs, field.NotFound(item.Child("name"), mount.Name))
		}
		if mount.MountPath == "" {
			errs = append(errs, field.Required(item.Child("mountPath"), ""))
		}
		if taken.Has(mount.MountPath) {
			errs = append(errs, field.Invalid(item.Child("mountPath"), mount.MountPath, "must be unique"))
		}
		taken.Insert(mount.MountPath)
		if _, found := devices[mount.Name]; found {
			errs = append(errs, field.Invalid(item.Child("name"), mount.Name, "must not already exist in volumeDevices"))
		}
		if hasPath(devices, mount.MountPath) {
			errs = append(errs, field.Invalid(item.Child("mountPath"), mount.MountPath, "must not already exist as a path in volumeDevices"))
		}
		if mount.SubPath != "" {
			errs = append(errs, validateDescendingPath(mount.SubPath, list.Child("subPath"))...)
		}
		if mount.SubPathExpr != "" {
			if mount.SubPath != "" {
				errs = append(errs, field.Invalid(item.Child("subPathExpr"), mount.SubPathExpr, "subPathExpr and subPath are mutually exclusive"))
			}
			errs = append(errs, validateDescendingPath(mount.SubPathExpr, list.Child("subPathExpr"))...)
		}
		errs = append(errs, validatePropagation(mount, c, list.Child("mountPropagation"))...)
		errs = append(errs, validateRecursiveReadOnly(mount, list.Child("recursiveReadOnly"))...)
	}
	return errs
}

func validatePropagation(mount corev1.VolumeMount, c *corev1.Container, path *field.Path) field.ErrorList {
	if mount.MountPropagation == nil {
		return nil
	}
	errs := validateSupported(*mount.MountPropagation, path,
		corev1.MountPropagationBidirectional, corev1.MountPropagationHostToContainer, corev1.MountPropagationNone)
	privileged := c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged
	if *mount.MountPropagation == corev1.MountPropagationBidirectional && !privileged {
		errs = append(errs, field.Forbidden(path, "Bidirectional mount propagation is available only to privileged containers"))
	}
	return errs
}

func validateRecursiveReadOnly(mount corev1.VolumeMount, path *field.Path) field.ErrorList {
	if mount.RecursiveReadOnly == nil {
		return nil
	}
	errs := validateSupported(*mount.RecursiveReadOnly, path,
		corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyEnabled, corev1.RecursiveReadOnlyIfPossible)
	if len(errs) > 0 || *mount.RecursiveReadOnly == corev1.RecursiveReadOnlyDisabled {
		return errs
	}
	if !mount.ReadOnly {
		errs = append(errs, field.Forbidden(path, "may only be specified when readOnly is true"))
	}
	if mount.MountPropagation != nil && *mount.MountPropagation != corev1.MountPropagationNone {
		errs = append(errs, field.Forbidden(path, "may only be specified when mountPropagation is None or not specified"))
	}
	return errs
}

// validateDevices judges the raw block devices of a container.
func (v *specValidator) validateDevices(c *corev1.Container, list *field.Path) field.ErrorList {
	var errs field.ErrorList
	paths, names := sets.New[string](), sets.New[string]()
	mounts := map[string]string{}
	for _, mount := range c.VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	for i, device := range c.VolumeDevices {
		item := list.Index(i)
		source, found := v.volumes[device.Name]
		if device.Name == "" {
			errs = append(errs, field.Required(item.Child("name"), ""))
		}
		if names.Has(device.Name) {
			errs = append(errs, field.Invalid(item.Child("name"), device.Name, "must be unique"))
		}
		if !found {
			errs = append(errs, field.NotFound(item.Child("name"), device.Name))
		} else if source.PersistentVolumeClaim == nil && source.Ephemeral == nil {
			errs = append(errs, field.Invalid(item.Child("name"), device.Name,
				"can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"))
		}
		if device.DevicePath == "" {
			errs = append(errs, field.Required(item.Child("devicePath"), ""))
		}
		if paths.Has(device.DevicePath) {
			errs = append(errs, field.Invalid(item.Child("devicePath"), device.DevicePath, "must be unique"))
		}
		if hasBackstep(device.DevicePath) {
			errs = append(errs, field.Invalid(item.Child("devicePath"), device.DevicePath, "can not contain backsteps ('..')"))
		} else {
			paths.Insert(device.DevicePath)
		}
		if _, found := mounts[device.Name]; found {
			errs = append(errs, field.Invalid(item.Child("name"), device.Name, "must not already exist in volumeMounts"))
		}
		if hasPath(mounts, device.DevicePath) {
			errs = append(errs, field.Invalid(item.Child("devicePath"), device.DevicePath, "must not already exist as a path in volumeMounts"))
		}
		if device.Name != "" {
			names.Insert(device.Name)
		}
	}
	return errs
}

func hasPath(paths map[string]string, path string) bool {
	return slices.Contains(slices.Collect(maps.Values(paths)), path)
}

// validateDescendingPath demands a relative path that never leads upwards.
func validateDescendingPath(name string, fieldPath *field.Path) field.ErrorList {
	var errs field.ErrorList
	if path.IsAbs(name) {
		errs = append(errs, field.Invalid(fieldPath, name, "must be a relative path"))
	}
	return append(errs, validateNoBacksteps(name, fieldPath)...)
}

// validateLocalPath demands a descending path that does not start with two dots either: names such as ..data belong to
// what writes the volume.
func validateLocalPath(name string, path *field.Path) field.ErrorList {
	errs := validateDescendingPath(name, path)
	if strings.HasPrefix(name, "..") && !strings.HasPrefix(name, "../") {
		errs = append(errs, field.Invalid(path, name, "must not start with '..'"))
	}
	return errs
}

func validateNoBacksteps(name string, path *field.Path) field.ErrorList {
	if hasBackstep(name) {
		return field.ErrorList{field.Invalid(path, name, "must not contain '..'")}
	}
	return nil
}

func hasBackstep(name string) bool { return slices.Contains(strings.Split(name, "/"), "..") }
