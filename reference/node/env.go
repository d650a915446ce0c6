package node

import (
	"context"
	"fmt"
	"maps"
	"slices"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/node/runtime"
)

// environment is what a container's variables are made of.
type environment struct {
	pod           *v1.Pod
	hostIP, podIP string
	allocatable   v1.ResourceList
	services      map[string]string // variables of the services that the Pod sees
	configMap     func(ctx context.Context, namespace, name string) (*v1.ConfigMap, error)
	secret        func(ctx context.Context, namespace, name string) (*v1.Secret, error)
}

// variables makes a container's environment. Later sources win over earlier
// ones: services, envFrom, env; $(NAME) refers to what came before.
func (e *environment) variables(ctx context.Context, c *v1.Container) (map[string]string, error) {
	vars := map[string]string{}
	for i := range c.EnvFrom {
		if err := e.from(ctx, &c.EnvFrom[i], vars); err != nil {
			return nil, err
		}
	}
	lookup := func(name string) (string, bool) {
		if v, ok := vars[name]; ok {
			return v, true
		}
		v, ok := e.services[name]
		return v, ok
	}
	for i := range c.Env {
		env := &c.Env[i]
		value, set := expand(env.Value, lookup), true
		if env.Value == "" && env.ValueFrom != nil {
			var err error
			if value, set, err = e.value(ctx, c, env.ValueFrom); err != nil {
				return nil, err
			}
		}
		if set {
			vars[env.Name] = value
		}
	}
	for name, value := range e.services {
		if _, taken := vars[name]; !taken {
			vars[name] = value
		}
	}
	return vars, nil
}

// from takes over all keys of a source.
func (e *environment) from(ctx context.Context, source *v1.EnvFromSource, vars map[string]string) error {
	var data map[string]string
	var err error
	switch {
	case source.ConfigMapRef != nil:
		data, err = e.texts(ctx, kind.ConfigMaps, source.ConfigMapRef.Name, source.ConfigMapRef.Optional)
	case source.SecretRef != nil:
		data, err = e.texts(ctx, kind.Secrets, source.SecretRef.Name, source.SecretRef.Optional)
	default:
		err = fmt.Errorf("the node does not support this source of environment variables")
	}
	for key, value := range data {
		vars[source.Prefix+key] = value
	}
	return err
}

// texts are the values of a config map or a secret; none of one that is missing and optional.
func (e *environment) texts(ctx context.Context, resource, name string, optional *bool) (map[string]string, error) {
	var data map[string]string
	var err error
	if resource == kind.ConfigMaps {
		var object *v1.ConfigMap
		if object, err = e.configMap(ctx, e.pod.Namespace, name); err == nil {
			data = object.Data
		}
	} else {
		var object *v1.Secret
		if object, err = e.secret(ctx, e.pod.Namespace, name); err == nil {
			data = make(map[string]string, len(object.Data))
			for key, value := range object.Data {
				data[key] = string(value)
			}
		}
	}
	if apierrors.IsNotFound(err) && optional != nil && *optional {
		return nil, nil
	}
	return data, err
}

// text is one value of a config map or a secret. One that is missing and optional is not set.
func (e *environment) text(ctx context.Context, resource, kind, name, key string, optional *bool) (value string, set bool, err error) {
	data, err := e.texts(ctx, resource, name, optional)
	if err != nil {
		return "", false, err
	}
	value, found := data[key]
	if !found && (optional == nil || !*optional) {
		return "", false, fmt.Errorf("couldn't find key %v in %s %v/%v", key, kind, e.pod.Namespace, name)
	}
	return value, found, nil
}

// value resolves a valueFrom. An optional source that is missing leaves the
// variable unset.
func (e *environment) value(ctx context.Context, c *v1.Container, source *v1.EnvVarSource) (value string, set bool, err error) {
	switch {
	case source.FieldRef != nil:
		value, err = podField(e.pod, source.FieldRef, e.hostIP, e.podIP)
		return value, true, err
	case source.ResourceFieldRef != nil:
		value, err = resourceField(e.pod, source.ResourceFieldRef, c, e.allocatable)
		return value, true, err
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		return e.text(ctx, kind.ConfigMaps, "ConfigMap", ref.Name, ref.Key, ref.Optional)
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		return e.text(ctx, kind.Secrets, "Secret", ref.Name, ref.Key, ref.Optional)
	}
	return "", false, fmt.Errorf("the node does not support this source of environment variables")
}

// envList puts variables into an order that does not change.
func envList(vars map[string]string) []runtime.EnvVar {
	var list []runtime.EnvVar
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, runtime.EnvVar{Name: name, Value: vars[name]})
	}
	return list
}

// expandAll expands a command line with a container's environment.
func expandAll(words []string, vars map[string]string) []string {
	var out []string
	for _, w := range words {
		out = append(out, expand(w, func(name string) (string, bool) { v, ok := vars[name]; return v, ok }))
	}
	return out
}
