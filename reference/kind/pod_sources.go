package kind

import corev1 "k8s.io/api/core/v1"

// The resources that a Pod takes volumes and variables from.
const (
	ConfigMaps = "configmaps"
	Secrets    = "secrets"
)

// Source is a config map or a secret that a Pod refers to, in its own namespace.
type Source struct{ Resource, Name string }

// Sources are all that a Pod refers to, by volumes and by variables.
func Sources(pod *corev1.Pod) map[Source]bool {
	sources := map[Source]bool{}
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		switch {
		case v.ConfigMap != nil:
			sources[Source{ConfigMaps, v.ConfigMap.Name}] = true
		case v.Secret != nil:
			sources[Source{Secrets, v.Secret.SecretName}] = true
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				if s.ConfigMap != nil {
					sources[Source{ConfigMaps, s.ConfigMap.Name}] = true
				}
				if s.Secret != nil {
					sources[Source{Secrets, s.Secret.Name}] = true
				}
			}
		}
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			for _, from := range list[i].EnvFrom {
				if from.ConfigMapRef != nil {
					sources[Source{ConfigMaps, from.ConfigMapRef.Name}] = true
				}
				if from.SecretRef != nil {
					sources[Source{Secrets, from.SecretRef.Name}] = true
				}
			}
			for _, env := range list[i].Env {
				if env.ValueFrom != nil && env.ValueFrom.ConfigMapKeyRef != nil {
					sources[Source{ConfigMaps, env.ValueFrom.ConfigMapKeyRef.Name}] = true
				}
				if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil {
					sources[Source{Secrets, env.ValueFrom.SecretKeyRef.Name}] = true
				}
			}
		}
	}
	return sources
}
