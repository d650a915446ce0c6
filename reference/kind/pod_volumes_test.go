package kind

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// TestRemoteVolumes goes through the sources that are disks and file systems of others.
func TestRemoteVolumes(t *testing.T) {
	volume := func(source corev1.VolumeSource) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) { s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: source}} }
	}
	const at = "spec.volumes[0]."
	wwn := []string{"500a0982991b8dc5"}
	runSpecCases(t, []specCase{
		{"git", volume(corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "r"}}), nil},
		{"git, upwards", volume(corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Directory: "../x"}}),
			[]string{at + "gitRepo.repository: Required value", at + `gitRepo.directory: Invalid value: "../x": must not contain '..'`}},
		{"gce", volume(corev1.VolumeSource{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{PDName: "d", Partition: 255}}), nil},
		{"gce, partition", volume(corev1.VolumeSource{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{Partition: 256}}),
			[]string{at + "persistentDisk.pdName: Required value", at + "persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive"}},
		{"aws", volume(corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}}), []string{at + "awsElasticBlockStore.volumeID: Required value"}},
		{"iscsi", volume(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{TargetPortal: "10.0.0.1", IQN: "iqn.2001-04.com.example:storage"}}), nil},
		{"iscsi, nameless", volume(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{IQN: "x", Lun: 256, SessionCHAPAuth: true, InitiatorName: ptr.To("eui.1")}}), []string{
			at + "iscsi.targetPortal: Required value",
			at + `iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa`,
			at + "iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
			at + "iscsi.secretRef: Required value",
			at + `iscsi.initiatorname: Invalid value: "eui.1": must be valid format`,
		}},
		{"glusterfs", volume(corev1.VolumeSource{Glusterfs: &corev1.GlusterfsVolumeSource{}}),
			[]string{at + "glusterfs.endpoints: Required value", at + "glusterfs.path: Required value"}},
		{"flocker", volume(corev1.VolumeSource{Flocker: &corev1.FlockerVolumeSource{DatasetName: "a/b", DatasetUUID: "u"}}), []string{
			at + `flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously`,
			at + `flocker.datasetName: Invalid value: "a/b": must not contain '/'`,
		}},
		{"flocker of nothing", volume(corev1.VolumeSource{Flocker: &corev1.FlockerVolumeSource{}}), []string{at + "flocker: Required value: one of datasetName and datasetUUID is required"}},
		{"rbd", volume(corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{}}), []string{at + "rbd.monitors: Required value", at + "rbd.image: Required value"}},
		{"cinder", volume(corev1.VolumeSource{Cinder: &corev1.CinderVolumeSource{SecretRef: &corev1.LocalObjectReference{}}}),
			[]string{at + "cinder.volumeID: Required value", at + "cinder.secretRef.name: Required value"}},
		{"cephfs", volume(corev1.VolumeSource{CephFS: &corev1.CephFSVolumeSource{}}), []string{at + "cephfs.monitors: Required value"}},
		{"quobyte", volume(corev1.VolumeSource{Quobyte: &corev1.QuobyteVolumeSource{Registry: "a:1,b", Volume: "v"}}),
			[]string{at + `quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas`}},
		{"fc", volume(corev1.VolumeSource{FC: &corev1.FCVolumeSource{TargetWWNs: wwn, Lun: ptr.To[int32](1)}}), nil},
		{"fc of nothing", volume(corev1.VolumeSource{FC: &corev1.FCVolumeSource{}}),
			[]string{at + "fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"}},
		{"fc without lun", volume(corev1.VolumeSource{FC: &corev1.FCVolumeSource{TargetWWNs: wwn, WWIDs: wwn}}), []string{
			at + `fc.targetWWNs: Invalid value: ["500a0982991b8dc5"]: targetWWNs and wwids can not be specified simultaneously`,
			at + "fc.lun: Required value: lun is required if targetWWNs is specified",
		}},
		{"flex", volume(corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "d", Options: map[string]string{"a.k8s.io/x": "1"}}}),
			[]string{at + `flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved`}},
		{"azure file", volume(corev1.VolumeSource{AzureFile: &corev1.AzureFileVolumeSource{}}),
			[]string{at + "azureFile.secretName: Required value", at + "azureFile.shareName: Required value"}},
		{"azure disk", volume(corev1.VolumeSource{AzureDisk: &corev1.AzureDiskVolumeSource{DiskName: "d", DataDiskURI: "https://a"}}), nil},
		{"azure disk elsewhere", volume(corev1.VolumeSource{AzureDisk: &corev1.AzureDiskVolumeSource{DiskName: "d", DataDiskURI: "https://a", Kind: ptr.To(corev1.AzureManagedDisk)}}),
			[]string{at + `azureDisk.diskURI: Unsupported value: "https://a": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"`}},
		{"vsphere", volume(corev1.VolumeSource{VsphereVolume: &corev1.VsphereVirtualDiskVolumeSource{}}), []string{at + "vsphereVolume.volumePath: Required value"}},
		{"photon", volume(corev1.VolumeSource{PhotonPersistentDisk: &corev1.PhotonPersistentDiskVolumeSource{}}), []string{at + "photonPersistentDisk.pdID: Required value"}},
		{"portworx", volume(corev1.VolumeSource{PortworxVolume: &corev1.PortworxVolumeSource{}}), []string{at + "portworxVolume.volumeID: Required value"}},
		{"storageos", volume(corev1.VolumeSource{StorageOS: &corev1.StorageOSVolumeSource{VolumeName: "v", VolumeNamespace: "N"}}),
			[]string{at + `storageos.volumeNamespace: Invalid value: "N": ` + labelText}},
		{"scaleIO", volume(corev1.VolumeSource{ScaleIO: &corev1.ScaleIOVolumeSource{Gateway: "g", System: "s"}}), []string{at + "scaleIO.volumeName: Required value"}},
		{"csi", volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "csi.example.com"}}), nil},
		{"csi without secret's name", volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{NodePublishSecretRef: &corev1.LocalObjectReference{}}}),
			[]string{at + "csi.driver: Required value", at + "csi.nodePublishSecretRef.name: Required value"}},
		{"image", volume(corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "data:1"}}), nil},
		{"no image", volume(corev1.VolumeSource{Image: &corev1.ImageVolumeSource{}}), []string{at + "image.reference: Required value"}},
	})
}

func TestEphemeralVolumes(t *testing.T) {
	claim := func(change func(template *corev1.PersistentVolumeClaimTemplate)) func(*corev1.PodSpec) {
		template := &corev1.PersistentVolumeClaimTemplate{Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}},
		}}
		change(template)
		return func(s *corev1.PodSpec) {
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: template}}}}
		}
	}
	const at = "spec.volumes[0].ephemeral.volumeClaimTemplate."
	runSpecCases(t, []specCase{
		{"good", claim(func(*corev1.PersistentVolumeClaimTemplate) {}), nil},
		{"named", claim(func(t *corev1.PersistentVolumeClaimTemplate) { t.Name = "n" }), []string{at + "metadata.name: Forbidden: cannot be set"}},
		{"empty", claim(func(t *corev1.PersistentVolumeClaimTemplate) { t.Spec = corev1.PersistentVolumeClaimSpec{} }), []string{
			at + "spec.accessModes: Required value: at least 1 access mode is required",
			at + "spec.resources[storage]: Required value",
		}},
		{"for one and for all", claim(func(t *corev1.PersistentVolumeClaimTemplate) {
			t.Spec.AccessModes = append(t.Spec.AccessModes, corev1.ReadWriteOncePod, "Often")
		}), []string{
			at + `spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`,
			at + "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
		}},
		{"of no size, class or mode", claim(func(t *corev1.PersistentVolumeClaimTemplate) {
			t.Spec.Resources.Requests["storage"] = resource.MustParse("0")
			t.Spec.StorageClassName, t.Spec.VolumeMode = ptr.To("C"), ptr.To(corev1.PersistentVolumeMode("Tape"))
		}), []string{
			at + `spec.resources[storage]: Invalid value: "0": must be greater than zero`,
			at + `spec.storageClassName: Invalid value: "C": ` + domainText,
			at + `spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"`,
		}},
		{"from two sources", claim(func(t *corev1.PersistentVolumeClaimTemplate) {
			t.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "Snapshot", Name: "s"}
			t.Spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: ptr.To("example.com"), Kind: "Snapshot", Name: "s"}
		}), []string{
			at + `spec.dataSource: Invalid value: "Snapshot": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
			at + `spec: Invalid value: {}: must match dataSourceRef`,
		}},
	})
}

func TestProjectedVolumes(t *testing.T) {
	projected := func(sources ...corev1.VolumeProjection) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.ServiceAccountName = "sa"
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}}}}
		}
	}
	bundle := func(b corev1.ClusterTrustBundleProjection) func(*corev1.PodSpec) {
		return projected(corev1.VolumeProjection{ClusterTrustBundle: &b})
	}
	certificate := func(c corev1.PodCertificateProjection) func(*corev1.PodSpec) {
		return projected(corev1.VolumeProjection{PodCertificate: &c})
	}
	const at = "spec.volumes[0].projected.sources[0]."
	runSpecCases(t, []specCase{
		{"token", projected(corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}}), nil},
		{"token in no file", projected(corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{}}), []string{"spec.volumes[0].projected.path: Required value"}},
		{"two in one", projected(corev1.VolumeProjection{
			ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}, DownwardAPI: &corev1.DownwardAPIProjection{},
		}), []string{"spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"}},
		{"bundle by name", bundle(corev1.ClusterTrustBundleProjection{Name: ptr.To("example.com:signer:ca"), Path: "ca"}), nil},
		{"bundle by signer", bundle(corev1.ClusterTrustBundleProjection{SignerName: ptr.To("example.com/signer"), LabelSelector: &metav1.LabelSelector{}, Path: "ca"}), nil},
		{"bundle by nothing", bundle(corev1.ClusterTrustBundleProjection{Path: "ca"}), []string{at + "clusterTrustBundle: Required value: either name or signerName must be specified"}},
		{"bundle by a bad signer", bundle(corev1.ClusterTrustBundleProjection{SignerName: ptr.To("signer"), Path: "/ca"}), []string{
			at + `clusterTrustBundle.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
			at + `clusterTrustBundle.path: Invalid value: "/ca": must be a relative path`,
		}},
		{"certificate", certificate(corev1.PodCertificateProjection{SignerName: "example.com/signer", KeyType: "ED25519", CredentialBundlePath: "c"}), nil},
		{"bad certificate", certificate(corev1.PodCertificateProjection{SignerName: "kubernetes.io/S", KeyType: "DSA", MaxExpirationSeconds: ptr.To[int32](86401)}), []string{
			at + `podCertificate.signerName: Invalid value: "S": validating label "S": ` + domainText,
			at + `podCertificate.keyType: Unsupported value: "DSA": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"`,
			at + `podCertificate.maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400`,
			at + `podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`,
		}},
	})
}
