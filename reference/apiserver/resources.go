package apiserver

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/plumbline/plumbline/reference/allocate"
	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/pki"
)

// resources is what the server serves: by group and version, then by path, such as pods or pods/status.
type resources map[schema.GroupVersion]map[string]rest.Storage

func (r resources) add(version schema.GroupVersion, path string, storage rest.Storage) {
	if r[version] == nil {
		r[version] = map[string]rest.Storage{}
	}
	r[version][path] = storage
}

// storages is what newResources builds the resources from.
type storages struct {
	options   generic.RESTOptionsGetter
	authority *pki.Authority
	services  *allocate.Services
	access    *access
}

// newResources makes the storage of every kind in the table, and its subresources.
func newResources(from storages) (resources, map[*kind.Kind]*store, error) {
	r, stores := resources{}, map[*kind.Kind]*store{}
	for _, k := range kind.Table {
		s, err := newStore(k, from.options)
		if err != nil {
			return nil, nil, err
		}
		stores[k] = s
		r.add(k.GroupVersion, k.Resource, s)
		if k.Status != nil {
			r.add(k.GroupVersion, k.Resource+"/status", newPart(s, newStatusStrategy(k)))
		}
	}
	from.access.stores = stores
	from.access.guardRoles()
	r.add(core, "serviceaccounts/token", tokenRequest{from.access})
	r.addReviews(from.access)
	r.addNamespaces(stores[&kind.Namespace])
	r.addServices(stores, from.services)
	nodes, err := newNodeConnection(stores[&kind.Node], from.authority)
	if err != nil {
		return nil, nil, err
	}
	r.add(core, "nodes/proxy", nodeProxy(nodes))
	r.addPods(stores[&kind.Pod], nodes)
	r.addUsage(stores[&kind.Pod], nodes)
	r.add(appsv1.SchemeGroupVersion, "replicasets/scale", scale{stores[&kind.ReplicaSet]})
	r.add(appsv1.SchemeGroupVersion, "deployments/scale", scale{stores[&kind.Deployment]})
	r.add(eventsv1.SchemeGroupVersion, "events", stores[&kind.Event])
	for _, path := range []string{"horizontalpodautoscalers", "horizontalpodautoscalers/status"} {
		r.add(autoscalingv1.SchemeGroupVersion, path, r[autoscalingv2.SchemeGroupVersion][path])
	}
	return r, stores, nil
}

var core = corev1.SchemeGroupVersion

func (r resources) addNamespaces(namespaces *store) {
	r.add(core, "namespaces", newNamespaceStore(namespaces))
	r.add(core, "namespaces/finalize", finalize{newPart(namespaces, partStrategy{
		strategy: newStrategy(&kind.Namespace), part: &kind.NamespaceFinalize, resets: []fieldpath.Path{fieldpath.MakePathOrDie("status")},
	})})
}

// addServices replaces the plain storage of Services by one that allocates addresses and ports.
func (r resources) addServices(stores map[*kind.Kind]*store, allocator *allocate.Services) {
	services := stores[&kind.Service]
	status := newPart(services, newStatusStrategy(&kind.Service))
	status.store.AfterDelete = allocator.AfterDelete
	r.add(core, "services", &serviceStore{Storage: allocate.NewStorage(services.Store, allocator), store: services})
	r.add(core, "services/status", status)
	r.add(core, "services/proxy", serviceProxy(services, stores[&kind.EndpointSlice], stores[&kind.Pod]))
}

func (r resources) addPods(pods *store, nodes *nodeConnection) {
	status := newPart(pods, newStatusStrategy(&kind.Pod))
	for path, storage := range map[string]rest.Storage{
		"pods/binding":     binding{pods},
		"bindings":         legacyBinding{binding{pods}},
		"pods/eviction":    eviction{pods: pods, status: status},
		"pods/log":         podLog{pods: pods, nodes: nodes},
		"pods/exec":        newExec(pods, nodes),
		"pods/attach":      newAttach(pods, nodes),
		"pods/portforward": newPortForward(pods, nodes),
		"pods/proxy":       podProxy(pods),
	} {
		r.add(core, path, storage)
	}
}

// serviceStore is the storage of Services: the allocator's, with the names of the kind.
type serviceStore struct {
	*allocate.Storage
	store *store
}

// ShortNames and Categories go into discovery.
func (s *serviceStore) ShortNames() []string { return s.store.ShortNames() }
func (s *serviceStore) Categories() []string { return s.store.Categories() }

// install serves the resources.
func (r resources) install(server *genericapiserver.GenericAPIServer) error {
	var named []*genericapiserver.APIGroupInfo
	for _, group := range groups {
		if len(r[group.version]) == 0 {
			continue // policy/v1 only has what subresources of other groups take
		}
		if last := len(named) - 1; last >= 0 && named[last].PrioritizedVersions[0].Group == group.version.Group {
			named[last].VersionedResourcesStorageMap[group.version.Version] = r[group.version]
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
