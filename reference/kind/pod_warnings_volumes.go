package kind

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// volumes warns about sources that are on their way out, and about claims for parts of a byte.
func (w *specWarner) volumes() {
	for i, v := range w.spec.Volumes {
		for _, source := range []struct {
			set        bool
			name, text string
		}{
			{v.PhotonPersistentDisk != nil, "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
			{v.GitRepo != nil, "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
			{v.ScaleIO != nil, "scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
			{v.Flocker != nil, "flocker", "deprecated in v1.22, non-functional in v1.25+"},
			{v.StorageOS != nil, "storageOS", "deprecated in v1.22, non-functional in v1.25+"},
			{v.Quobyte != nil, "quobyte", "deprecated in v1.22, non-functional in v1.25+"},
			{v.Glusterfs != nil, "glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
			{v.CephFS != nil, "cephfs", "deprecated in v1.28, non-functional in v1.31+"},
			{v.RBD != nil, "rbd", "deprecated in v1.28, non-functional in v1.31+"},
		} {
			if source.set {
				w.warn(w.path.Child("spec", "volumes").Index(i).Child(source.name), "%s", source.text)
			}
		}
		if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
			path := w.path.Child("spec", "volumes").Index(i).Child("ephemeral", "volumeClaimTemplate", "spec", "resources")
			resources := v.Ephemeral.VolumeClaimTemplate.Spec.Resources
			w.fractional(resources.Requests, corev1.ResourceStorage, path.Child("requests"))
			w.fractional(resources.Limits, corev1.ResourceStorage, path.Child("limits"))
		}
	}
}

// volumeFile is a file in a volume, and where it comes from.
type volumeFile struct{ path, source string }

func (f volumeFile) String() string {
	if f.source == "" {
		return fmt.Sprintf("%q", f.path)
	}
	return fmt.Sprintf("%q (%s)", f.path, f.source)
}

// overlaps says whether one file is the other, or lies in a directory of the other's name.
func (f volumeFile) overlaps(other volumeFile) bool {
	a, b := f.path+"/", other.path+"/"
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// overlappingPaths warns about files of one volume that hide one another.
func (w *specWarner) overlappingPaths() {
	for _, v := range w.spec.Volumes {
		if source := v.ConfigMap; source != nil {
			w.overlapping(v.Name, fmt.Sprintf("ConfigMap %q", source.Name), keyFiles(source.Items, ""))
		}
		if source := v.Secret; source != nil {
			w.overlapping(v.Name, fmt.Sprintf("Secret %q", source.SecretName), keyFiles(source.Items, ""))
		}
		if source := v.DownwardAPI; source != nil {
			w.overlapping(v.Name, "DownwardAPI", downwardFiles(source.Items, ""))
		}
		if v.Projected == nil {
			continue
		}
		var files []volumeFile
		for _, source := range v.Projected.Sources {
			if source == (corev1.VolumeProjection{}) {
				w.warnings = append(w.warnings, fmt.Sprintf("volume %q (Projected) has no sources provided", v.Name))
			}
			files = append(files, projectedFiles(source)...)
		}
		w.overlapping(v.Name, "Projected", files)
	}
}

func (w *specWarner) overlapping(volume, source string, files []volumeFile) {
	for i := range files {
		files[i].path = strings.TrimRight(files[i].path, "/")
		for _, other := range files[:i] {
			if files[i].path != "" && other.path != "" && files[i].overlaps(other) {
				w.warnings = append(w.warnings, fmt.Sprintf("volume %q (%s): overlapping paths: %s with %s", volume, source, files[i], other))
			}
		}
	}
}

func keyFiles(items []corev1.KeyToPath, source string) []volumeFile {
	var files []volumeFile
	for _, item := range items {
		files = append(files, volumeFile{item.Path, source})
	}
	return files
}

func downwardFiles(items []corev1.DownwardAPIVolumeFile, source string) []volumeFile {
	var files []volumeFile
	for _, item := range items {
		files = append(files, volumeFile{item.Path, source})
	}
	return files
}

func projectedFiles(source corev1.VolumeProjection) []volumeFile {
	switch {
	case source.ConfigMap != nil && source.ConfigMap.Items != nil:
		return keyFiles(source.ConfigMap.Items, fmt.Sprintf("ConfigMap %q", source.ConfigMap.Name))
	case source.Secret != nil && source.Secret.Items != nil:
		return keyFiles(source.Secret.Items, fmt.Sprintf("Secret %q", source.Secret.Name))
	case source.DownwardAPI != nil && source.DownwardAPI.Items != nil:
		return downwardFiles(source.DownwardAPI.Items, "DownwardAPI")
	case source.ServiceAccountToken != nil:
		return []volumeFile{{source.ServiceAccountToken.Path, "ServiceAccountToken"}}
	case source.ClusterTrustBundle != nil:
		name := source.ClusterTrustBundle.Name
		if name == nil {
			name = source.ClusterTrustBundle.SignerName
		}
		if name == nil {
			return nil
		}
		return []volumeFile{{source.ClusterTrustBundle.Path, fmt.Sprintf("ClusterTrustBundle %q", *name)}}
	case source.PodCertificate != nil:
		var files []volumeFile
		for _, file := range []volumeFile{
			{source.PodCertificate.CertificateChainPath, "PodCertificate chain"},
			{source.PodCertificate.KeyPath, "PodCertificate key"},
			{source.PodCertificate.CredentialBundlePath, "PodCertificate credential bundle"},
		} {
			if file.path != "" {
				files = append(files, file)
			}
		}
		return files
	}
	return nil
}
