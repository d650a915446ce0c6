package volume

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const defaultMode = 0o644

func modeOf(item, whole *int32) int32 {
	switch {
	case item != nil:
		return *item
	case whole != nil:
		return *whole
	}
	return defaultMode
}

// configMapFiles are a config map's keys as files. A missing map, or a missing
// key, is an error unless it is optional.
func (v *Volumes) configMapFiles(ctx context.Context, pod *v1.Pod, name string, items []v1.KeyToPath, mode *int32, optional *bool) (map[string]file, error) {
	object, err := v.Source.ConfigMap(ctx, pod.Namespace, name)
	switch {
	case apierrors.IsNotFound(err) && lenient(optional):
		object = &v1.ConfigMap{}
	case err != nil:
		return nil, err
	}
	contents := map[string][]byte{}
	for key, text := range object.Data {
		contents[key] = []byte(text)
	}
	for key, data := range object.BinaryData {
		contents[key] = data
	}
	return chosen("configmap references non-existent config key", contents, items, mode, optional)
}

// secretFiles are a secret's keys as files, by the same rules.
func (v *Volumes) secretFiles(ctx context.Context, pod *v1.Pod, name string, items []v1.KeyToPath, mode *int32, optional *bool) (map[string]file, error) {
	object, err := v.Source.Secret(ctx, pod.Namespace, name)
	switch {
	case apierrors.IsNotFound(err) && lenient(optional):
		object = &v1.Secret{}
	case err != nil:
		return nil, err
	}
	return chosen("references non-existent secret key", object.Data, items, mode, optional)
}

func lenient(optional *bool) bool { return optional != nil && *optional }

// chosen are the keys that items name, or all of them, as files. What is said of one that is missing is in the words of
// upstream's plugins.
func chosen(missing string, contents map[string][]byte, items []v1.KeyToPath, mode *int32, optional *bool) (map[string]file, error) {
	files := map[string]file{}
	if len(items) == 0 {
		for key, data := range contents {
			files[key] = file{data: data, mode: modeOf(nil, mode)}
		}
		return files, nil
	}
	for _, item := range items {
		data, found := contents[item.Key]
		switch {
		case found:
			files[item.Path] = file{data: data, mode: modeOf(item.Mode, mode)}
		case !lenient(optional):
			return nil, fmt.Errorf("%s: %s", missing, item.Key)
		}
	}
	return files, nil
}

// downwardFiles are fields and resources of the Pod as files.
func (v *Volumes) downwardFiles(pod *v1.Pod, items []v1.DownwardAPIVolumeFile, mode *int32) (map[string]file, error) {
	files := map[string]file{}
	for _, item := range items {
		var value string
		var err error
		switch {
		case item.FieldRef != nil:
			value, err = v.Source.Field(pod, item.FieldRef)
		case item.ResourceFieldRef != nil:
			value, err = v.Source.Resource(pod, item.ResourceFieldRef)
		}
		if err != nil {
			return nil, err
		}
		files[item.Path] = file{data: []byte(value), mode: modeOf(item.Mode, mode)}
	}
	return files, nil
}

// projectedFiles puts several sources into one volume.
func (v *Volumes) projectedFiles(ctx context.Context, pod *v1.Pod, source *v1.ProjectedVolumeSource) (map[string]file, error) {
	files := map[string]file{}
	for _, s := range source.Sources {
		var part map[string]file
		var err error
		switch {
		case s.ConfigMap != nil:
			part, err = v.configMapFiles(ctx, pod, s.ConfigMap.Name, s.ConfigMap.Items, source.DefaultMode, s.ConfigMap.Optional)
		case s.Secret != nil:
			part, err = v.secretFiles(ctx, pod, s.Secret.Name, s.Secret.Items, source.DefaultMode, s.Secret.Optional)
		case s.DownwardAPI != nil:
			part, err = v.downwardFiles(pod, s.DownwardAPI.Items, source.DefaultMode)
		case s.ServiceAccountToken != nil:
			part, err = v.tokenFile(ctx, pod, s.ServiceAccountToken, source.DefaultMode)
		default:
			err = fmt.Errorf("the node does not support this kind of projection")
		}
		if err != nil {
			return nil, err
		}
		for path, f := range part {
			files[path] = f
		}
	}
	return files, nil
}

// tokenFile is a token that only its user can read, where the user is known, or the Pod's group.
func (v *Volumes) tokenFile(ctx context.Context, pod *v1.Pod, source *v1.ServiceAccountTokenProjection, mode *int32) (map[string]file, error) {
	text, err := v.Source.Token(ctx, pod, source)
	if err != nil {
		return nil, err
	}
	f := file{data: []byte(text), mode: modeOf(nil, mode), owner: soleUser(pod)}
	if f.owner != nil || pod.Spec.SecurityContext != nil && pod.Spec.SecurityContext.FSGroup != nil {
		f.mode = 0o600
	}
	return map[string]file{source.Path: f}, nil
}

// soleUser is the user that all containers of a Pod run as, if they say so; nil means that it is not known.
func soleUser(pod *v1.Pod) *int64 {
	var sole *int64
	for _, containers := range [][]v1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			var user *int64
			if sc := pod.Spec.SecurityContext; sc != nil {
				user = sc.RunAsUser
			}
			if sc := containers[i].SecurityContext; sc != nil && sc.RunAsUser != nil {
				user = sc.RunAsUser
			}
			if user == nil || sole != nil && *sole != *user {
				return nil
			}
			sole = user
		}
	}
	return sole
}

// project writes files into a volume of the Pod. It can only be read.
func (v *Volumes) project(pod *v1.Pod, plugin, name string, files map[string]file) (Volume, error) {
	dir := v.dir(pod, plugin, name)
	if err := makeDir(dir, 0o777); err != nil {
		return Volume{}, err
	}
	group := -1
	if sc := pod.Spec.SecurityContext; sc != nil && sc.FSGroup != nil {
		group = int(*sc.FSGroup)
	}
	if err := writeAtomically(dir, files, group); err != nil {
		return Volume{}, err
	}
	return Volume{Path: dir, ReadOnly: true}, nil
}
