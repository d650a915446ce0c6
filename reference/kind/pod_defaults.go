package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// defaultPod fills what a Pod leaves open, as upstream's pkg/apis/core/v1/defaults.go does.
func defaultPod(pod *corev1.Pod) {
	spec := &pod.Spec
	// Negative periods were possible once; a template keeps them, a Pod counts them as one second.
	if period := spec.TerminationGracePeriodSeconds; period != nil && *period < 0 {
		spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	}
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			defaultRequests(&containers[i])
			if spec.HostNetwork {
				defaultHostPorts(&containers[i])
			}
		}
	}
	if spec.EnableServiceLinks == nil {
		spec.EnableServiceLinks = ptr.To(corev1.DefaultEnableServiceLinks)
	}
	defaultPodSpec(spec)
	defaultPodStatus(&pod.Status)
}

// defaultPodSpec fills what is filled in Pods and in templates alike.
func defaultPodSpec(spec *corev1.PodSpec) {
	if spec.ServiceAccountName == "" {
		spec.ServiceAccountName = spec.DeprecatedServiceAccount
	}
	spec.DeprecatedServiceAccount = spec.ServiceAccountName
	if spec.DNSPolicy == "" {
		spec.DNSPolicy = corev1.DNSClusterFirst
	}
	if spec.RestartPolicy == "" {
		spec.RestartPolicy = corev1.RestartPolicyAlways
	}
	if spec.SecurityContext == nil {
		spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	if spec.TerminationGracePeriodSeconds == nil {
		spec.TerminationGracePeriodSeconds = ptr.To[int64](corev1.DefaultTerminationGracePeriodSeconds)
	}
	if spec.SchedulerName == "" {
		spec.SchedulerName = corev1.DefaultSchedulerName
	}
	for i := range spec.Volumes {
		defaultVolume(&spec.Volumes[i])
	}
	for i := range spec.InitContainers {
		defaultContainer(&spec.InitContainers[i])
	}
	for i := range spec.Containers {
		defaultContainer(&spec.Containers[i])
	}
	for i := range spec.EphemeralContainers {
		defaultContainer((*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	roundResources(spec.Overhead)
	if spec.Resources != nil {
		roundResources(spec.Resources.Limits)
		roundResources(spec.Resources.Requests)
	}
}

// defaultPodStatus keeps status.podIP and status.podIPs[0] equal; where both are set, podIP rules.
func defaultPodStatus(status *corev1.PodStatus) {
	switch {
	case status.PodIP == "" && len(status.PodIPs) > 0:
		status.PodIP = status.PodIPs[0].IP
	case status.PodIP != "" && (len(status.PodIPs) == 0 || status.PodIPs[0].IP != status.PodIP):
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	}
	for _, statuses := range [][]corev1.ContainerStatus{
		status.InitContainerStatuses, status.ContainerStatuses, status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			roundResources(statuses[i].AllocatedResources)
			if resources := statuses[i].Resources; resources != nil {
				roundResources(resources.Limits)
				roundResources(resources.Requests)
			}
		}
	}
}

// defaultVolume makes a volume without a source an emptyDir, and fills what the served sources leave open.
func defaultVolume(v *corev1.Volume) {
	if v.VolumeSource == (corev1.VolumeSource{}) {
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	if v.Image != nil && v.Image.PullPolicy == "" {
		v.Image.PullPolicy = defaultPullPolicy(v.Image.Reference)
	}
	if v.HostPath != nil && v.HostPath.Type == nil {
		v.HostPath.Type = ptr.To(corev1.HostPathUnset)
	}
	if v.Secret != nil {
		defaultMode(&v.Secret.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
	}
	if v.ConfigMap != nil {
		defaultMode(&v.ConfigMap.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
	}
	if v.DownwardAPI != nil {
		defaultMode(&v.DownwardAPI.DefaultMode, corev1.DownwardAPIVolumeSourceDefaultMode)
		defaultDownwardItems(v.DownwardAPI.Items)
	}
	if v.Projected != nil {
		defaultMode(&v.Projected.DefaultMode, corev1.ProjectedVolumeSourceDefaultMode)
		for _, source := range v.Projected.Sources {
			if source.DownwardAPI != nil {
				defaultDownwardItems(source.DownwardAPI.Items)
			}
			if token := source.ServiceAccountToken; token != nil && token.ExpirationSeconds == nil {
				token.ExpirationSeconds = ptr.To[int64](60 * 60)
			}
		}
	}
	if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
		claim := &v.Ephemeral.VolumeClaimTemplate.Spec
		if claim.VolumeMode == nil {
			claim.VolumeMode = ptr.To(corev1.PersistentVolumeFilesystem)
		}
		roundResources(claim.Resources.Limits)
		roundResources(claim.Resources.Requests)
	}
	defaultRemoteVolume(&v.VolumeSource)
}

// defaultRemoteVolume fills what the network and cloud volumes leave open. Nothing here mounts them, but what a client
// reads back is what upstream would store.
func defaultRemoteVolume(source *corev1.VolumeSource) {
	set := func(value *string, standard string) {
		if *value == "" {
			*value = standard
		}
	}
	if source.ISCSI != nil {
		set(&source.ISCSI.ISCSIInterface, "default")
	}
	if rbd := source.RBD; rbd != nil {
		set(&rbd.RBDPool, "rbd")
		set(&rbd.RadosUser, "admin")
		set(&rbd.Keyring, "/etc/ceph/keyring")
	}
	if source.ScaleIO != nil {
		set(&source.ScaleIO.StorageMode, "ThinProvisioned")
		set(&source.ScaleIO.FSType, "xfs")
	}
	if disk := source.AzureDisk; disk != nil {
		if disk.CachingMode == nil {
			disk.CachingMode = ptr.To(corev1.AzureDataDiskCachingReadWrite)
		}
		if disk.FSType == nil {
			disk.FSType = ptr.To("ext4")
		}
		if disk.ReadOnly == nil {
			disk.ReadOnly = ptr.To(false)
		}
		if disk.Kind == nil {
			disk.Kind = ptr.To(corev1.AzureSharedBlobDisk)
		}
	}
}

func defaultMode(mode **int32, standard int32) {
	if *mode == nil {
		*mode = ptr.To(standard)
	}
}

func defaultDownwardItems(items []corev1.DownwardAPIVolumeFile) {
	for i := range items {
		defaultFieldRef(items[i].FieldRef)
	}
}
