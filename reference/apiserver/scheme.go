package apiserver

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"github.com/plumbline/plumbline/reference/kind"
)

// groups lists the versions of the served API groups, the core group first, and of a group the one first that objects are stored in.
var groups = []struct {
	version schema.GroupVersion
	add     func(*runtime.Scheme) error
}{
	{corev1.SchemeGroupVersion, corev1.AddToScheme},
	{appsv1.SchemeGroupVersion, appsv1.AddToScheme},
	{authenticationv1.SchemeGroupVersion, authenticationv1.AddToScheme},
	{authorizationv1.SchemeGroupVersion, authorizationv1.AddToScheme},
	{autoscalingv2.SchemeGroupVersion, autoscalingv2.AddToScheme},
	{autoscalingv1.SchemeGroupVersion, autoscalingv1.AddToScheme},
	{coordinationv1.SchemeGroupVersion, coordinationv1.AddToScheme},
	{discoveryv1.SchemeGroupVersion, discoveryv1.AddToScheme},
	{eventsv1.SchemeGroupVersion, eventsv1.AddToScheme},
	{policyv1.SchemeGroupVersion, policyv1.AddToScheme},
	{rbacv1.SchemeGroupVersion, rbacv1.AddToScheme},
	{storagev1.SchemeGroupVersion, storagev1.AddToScheme},
	{metricsv1beta1.SchemeGroupVersion, metricsv1beta1.AddToScheme},
}

var (
	// served knows what goes over the wire, and nothing else; the OpenAPI documents are named by it.
	served = newServedScheme()
	// scheme adds the hub version. Each type is its own hub, so that conversions are written, and run, only where two show one: Events and autoscalers.
	scheme = newScheme()
	// codecs reads and writes the types of scheme.
	codecs = serializer.NewCodecFactory(scheme)
	// parameters reads and writes query parameters.
	parameters = runtime.NewParameterCodec(scheme)
)

func newServedScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, group := range groups {
		utilruntime.Must(group.add(s))
	}
	core := corev1.SchemeGroupVersion
	metav1.AddToGroupVersion(s, core)
	s.AddUnversionedTypes(core, &metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	return s
}

func newScheme() *runtime.Scheme {
	s := newServedScheme()
	versions := map[string][]schema.GroupVersion{}
	for _, group := range groups {
		addHub(s, group.version)
		versions[group.version.Group] = append(versions[group.version.Group], group.version)
	}
	for _, ordered := range versions {
		utilruntime.Must(s.SetVersionPriority(ordered...))
	}
	utilruntime.Must(addEvents(s))
	utilruntime.Must(addAutoscalers(s))
	utilruntime.Must(addOldEviction(s))
	utilruntime.Must(addParameters(s))
	for _, k := range kind.Table {
		if k.Default != nil {
			s.AddTypeDefaultingFunc(k.New(), func(obj any) { k.Default(obj.(runtime.Object)) })
			s.AddTypeDefaultingFunc(k.NewList(), func(obj any) { defaultItems(k, obj.(runtime.Object)) })
		}
		utilruntime.Must(addFieldLabels(s, k))
	}
	return s
}

// addHub registers the types of a group's version as the group's hub as well, unless an earlier version has given one of that name.
// events.k8s.io has the core group's Event for a hub.
func addHub(s *runtime.Scheme, version schema.GroupVersion) {
	hub := schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}
	meta := map[string]bool{}
	for name := range metaKinds() {
		meta[name] = true
	}
	for name := range s.KnownTypes(version) {
		if meta[name] || version == eventsv1.SchemeGroupVersion || s.Recognizes(hub.WithKind(name)) {
			continue
		}
		obj, err := s.New(version.WithKind(name))
		utilruntime.Must(err)
		s.AddKnownTypeWithName(hub.WithKind(name), obj)
	}
}

// metaKinds are the kinds that meta/v1 puts into every group version: options and watch events.
func metaKinds() map[string]bool {
	s, version := runtime.NewScheme(), schema.GroupVersion{Group: "example", Version: "v1"}
	metav1.AddToGroupVersion(s, version)
	kinds := map[string]bool{}
	for name := range s.KnownTypes(version) {
		kinds[name] = true
	}
	return kinds
}

func defaultItems(k *kind.Kind, list runtime.Object) {
	// EachListItem visits the items in place. The lists of the table are lists: there is no error to have.
	utilruntime.Must(meta.EachListItem(list, func(item runtime.Object) error {
		k.Default(item)
		return nil
	}))
}

// addFieldLabels says which field selectors a kind understands. Kinds that name no fields keep the library's default, the name and namespace.
func addFieldLabels(s *runtime.Scheme, k *kind.Kind) error {
	if k.Fields == nil {
		return nil
	}
	known := k.Fields(k.New())
	return s.AddFieldLabelConversionFunc(k.GroupVersion.WithKind(k.Kind), func(label, value string) (string, string, error) {
		if label == "metadata.name" || label == "metadata.namespace" && k.Namespaced {
			return label, value, nil
		}
		if label == "spec.host" && k == &kind.Pod {
			return "spec.nodeName", value, nil // an older name that clients may still send
		}
		if _, ok := known[label]; !ok {
			return "", "", fmt.Errorf("field label not supported: %s", label)
		}
		return label, value, nil
	})
}
