package node

import (
	"context"
	"fmt"
	"maps"
	"slices"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// environment is what a container's variables are made of.
type environment struct {
	pod           *v1.Pod
	hostIP, podIP string
	allocatable   v1.ResourceList
	services      map[string]string // variables of the services that the Pod sees
	configMap     func(ctx context.Context, namespace, name string) (*v1.ConfigMap, error)
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
	if source.ConfigMapRef == nil {
		return fmt.Errorf("the node does not support this source of environment variables")
	}
	ref := source.ConfigMapRef
	object, err := e.configMap(ctx, e.pod.Namespace, ref.Name)
	if err != nil {
		if apierrors.IsNotFound(err) && ref.Optional != nil && *ref.Optional {
			return nil
		}
		return err
	}
	for key, value := range object.Data {
		vars[source.Prefix+key] = value
	}
	return nil
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
		optional := ref.Optional != nil && *ref.Optional
		object, err := e.configMap(ctx, e.pod.Namespace, ref.Name)
		if err != nil {
			if apierrors.IsNotFound(err) && optional {
				return "", false, nil
			}
			return "", false, err
		}
		value, found := object.Data[ref.Key]
		if !found && !optional {
			return "", false, fmt.Errorf("couldn't find key %v in ConfigMap %v/%v", ref.Key, e.pod.Namespace, ref.Name)
		}
		return value, found, nil
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
