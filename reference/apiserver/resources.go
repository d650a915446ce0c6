package apiserver

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/plumbline/plumbline/reference/kind"
)

// resources is what the server serves: by group and version, then by path, such as pods or pods/status.
type resources map[schema.GroupVersion]map[string]rest.Storage

func (r resources) add(version schema.GroupVersion, path string, storage rest.Storage) {
	if r[version] == nil {
		r[version] = map[string]rest.Storage{}
	}
	r[version][path] = storage
}

// newResources makes the storage of every kind in the table, and its subresources.
func newResources(options generic.RESTOptionsGetter) (resources, map[*kind.Kind]*store, error) {
	r, stores := resources{}, map[*kind.Kind]*store{}
	for _, k := range kind.Table {
		s, err := newStore(k, options)
		if err != nil {
			return nil, nil, err
		}
		stores[k] = s
		r.add(k.GroupVersion, k.Resource, s)
		if k.Status != nil {
			r.add(k.GroupVersion, k.Resource+"/status", newPart(s, newStatusStrategy(k)))
		}
	}
	core := corev1.SchemeGroupVersion
	r.add(core, "namespaces", newNamespaceStore(stores[&kind.Namespace]))
	r.add(core, "namespaces/finalize", finalize{newPart(stores[&kind.Namespace], partStrategy{
		strategy: newStrategy(&kind.Namespace), part: &kind.NamespaceFinalize, resets: []fieldpath.Path{fieldpath.MakePathOrDie("status")},
	})})
	r.add(eventsv1.SchemeGroupVersion, "events", stores[&kind.Event])
	return r, stores, nil
}

// install serves the resources.
func (r resources) install(server *genericapiserver.GenericAPIServer) error {
	var named []*genericapiserver.APIGroupInfo
	for _, group := range groups {
		if len(r[group.version]) == 0 {
			continue
		}
		info := genericapiserver.NewDefaultAPIGroupInfo(group.version.Group, scheme, parameters, codecs)
		info.VersionedResourcesStorageMap[group.version.Version] = r[group.version]
		if group.version != corev1.SchemeGroupVersion {
			named = append(named, &info)
			continue
		}
		if err := server.InstallLegacyAPIGroup(genericapiserver.DefaultLegacyAPIPrefix, &info); err != nil {
			return fmt.Errorf("serve the core group: %w", err)
		}
	}
	if err := server.InstallAPIGroups(named...); err != nil {
		return fmt.Errorf("serve the named groups: %w", err)
	}
	return nil
}
