package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// dropGatedFields clears the fields that belong to features which are off by default in 1.37, as upstream's
// pkg/api/pod/util.go does: a client that sets them is told nothing, and they are not stored. What an old object has
// already stays.
func dropGatedFields(spec, old *corev1.PodSpec) {
	used := gatedFields{}
	if old != nil {
		used.note(old)
	}
	if !used.schedulingGroup {
		spec.SchedulingGroup = nil
	}
	if !used.evictionResponders {
		spec.EvictionResponders = nil
	}
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		if v.EmptyDir != nil && !used.emptyDirMode {
			v.EmptyDir.Mode = nil
		}
		if !used.fileUser {
			dropFileUsers(v)
		}
	}
	visitContainers(spec, nil, func(c *corev1.Container, _ *field.Path) {
		for i := range c.VolumeMounts {
			if !used.bindMountOptions {
				c.VolumeMounts[i].BindMountOptions = nil
			}
		}
		for _, probe := range probes(c) {
			if probe.HTTPGet != nil && !used.httpProtocol {
				probe.HTTPGet.Protocol = nil
			}
			if probe.GRPC != nil && !used.grpcMode {
				probe.GRPC.Mode = nil
			}
		}
		for _, hook := range hooks(c) {
			if hook.HTTPGet != nil && !used.httpProtocol {
				hook.HTTPGet.Protocol = nil
			}
		}
		if c.Lifecycle != nil && c.Lifecycle.StopSignal != nil && !used.stopSignal {
			c.Lifecycle.StopSignal = nil
			if *c.Lifecycle == (corev1.Lifecycle{}) {
				c.Lifecycle = nil
			}
		}
	})
}

// gatedFields says which of those fields an object has.
type gatedFields struct {
	schedulingGroup, evictionResponders, emptyDirMode, fileUser bool
	bindMountOptions, httpProtocol, grpcMode, stopSignal        bool
}

func (g *gatedFields) note(spec *corev1.PodSpec) {
	g.schedulingGroup = spec.SchedulingGroup != nil
	g.evictionResponders = len(spec.EvictionResponders) > 0
	for _, v := range spec.Volumes {
		g.emptyDirMode = g.emptyDirMode || (v.EmptyDir != nil && v.EmptyDir.Mode != nil)
		for _, user := range fileUsers(&v) {
			g.fileUser = g.fileUser || *user != nil
		}
	}
	visitContainers(spec, nil, func(c *corev1.Container, _ *field.Path) {
		for _, m := range c.VolumeMounts {
			g.bindMountOptions = g.bindMountOptions || m.BindMountOptions != nil
		}
		for _, p := range probes(c) {
			g.httpProtocol = g.httpProtocol || (p.HTTPGet != nil && p.HTTPGet.Protocol != nil)
			g.grpcMode = g.grpcMode || (p.GRPC != nil && p.GRPC.Mode != nil)
		}
		for _, h := range hooks(c) {
			g.httpProtocol = g.httpProtocol || (h.HTTPGet != nil && h.HTTPGet.Protocol != nil)
		}
		g.stopSignal = g.stopSignal || (c.Lifecycle != nil && c.Lifecycle.StopSignal != nil)
	})
}

// probes returns the probes that a container has.
func probes(c *corev1.Container) []*corev1.Probe {
	var found []*corev1.Probe
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p != nil {
			found = append(found, p)
		}
	}
	return found
}

// hooks returns the lifecycle hooks that a container has.
func hooks(c *corev1.Container) []*corev1.LifecycleHandler {
	var found []*corev1.LifecycleHandler
	if c.Lifecycle != nil {
		for _, h := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
			if h != nil {
				found = append(found, h)
			}
		}
	}
	return found
}

func dropFileUsers(v *corev1.Volume) {
	for _, user := range fileUsers(v) {
		*user = nil
	}
}

// fileUsers returns the fields that say who owns the files of a volume.
func fileUsers(v *corev1.Volume) []**int64 {
	var users []**int64
	items := func(list []corev1.KeyToPath) {
		for i := range list {
			users = append(users, &list[i].User)
		}
	}
	files := func(list []corev1.DownwardAPIVolumeFile) {
		for i := range list {
			users = append(users, &list[i].User)
		}
	}
	if v.Secret != nil {
		users = append(users, &v.Secret.DefaultUser)
		items(v.Secret.Items)
	}
	if v.ConfigMap != nil {
		users = append(users, &v.ConfigMap.DefaultUser)
		items(v.ConfigMap.Items)
	}
	if v.DownwardAPI != nil {
		users = append(users, &v.DownwardAPI.DefaultUser)
		files(v.DownwardAPI.Items)
	}
	if v.Projected == nil {
		return users
	}
	users = append(users, &v.Projected.DefaultUser)
	for i := range v.Projected.Sources {
		s := &v.Projected.Sources[i]
		if s.Secret != nil {
			items(s.Secret.Items)
		}
		if s.ConfigMap != nil {
			items(s.ConfigMap.Items)
		}
		if s.DownwardAPI != nil {
			files(s.DownwardAPI.Items)
		}
		if s.ServiceAccountToken != nil {
			users = append(users, &s.ServiceAccountToken.User)
		}
		if s.ClusterTrustBundle != nil {
			users = append(users, &s.ClusterTrustBundle.User)
		}
		if s.PodCertificate != nil {
			users = append(users, &s.PodCertificate.User)
		}
	}
	return users
}

// dropInitAnnotations clears the annotations that init containers were made of before there was a field.
func dropInitAnnotations(annotations map[string]string) {
	for _, version := range []string{"alpha", "beta"} {
		delete(annotations, "pod."+version+".kubernetes.io/init-containers")
		delete(annotations, "pod."+version+".kubernetes.io/init-container-statuses")
	}
}
