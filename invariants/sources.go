package invariants

import (
	"context"
	"errors"
	"fmt"
	"io"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const serviceLabel = discoveryv1.LabelServiceName

// sources are the ways to the kinds that are watched.
type sources map[string]source

// source is the way to one kind.
type source struct {
	client   rest.Interface
	resource string
	one      func() Object
	many     func() runtime.Object
}

const kindNamespace = "Namespace"

func newSources(config *rest.Config) (sources, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, 0 // as for the scenarios
	config.UserAgent = "plumbline"
	config.ContentConfig.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for the invariants' watches: %w", err)
	}
	core, apps, discovery := client.CoreV1().RESTClient(), client.AppsV1().RESTClient(), client.DiscoveryV1().RESTClient()
	return sources{
		kindNamespace:  {core, "namespaces", func() Object { return &corev1.Namespace{} }, func() runtime.Object { return &corev1.NamespaceList{} }},
		kindPod:        {core, "pods", func() Object { return &corev1.Pod{} }, func() runtime.Object { return &corev1.PodList{} }},
		kindService:    {core, "services", func() Object { return &corev1.Service{} }, func() runtime.Object { return &corev1.ServiceList{} }},
		kindSlice:      {discovery, "endpointslices", func() Object { return &discoveryv1.EndpointSlice{} }, func() runtime.Object { return &discoveryv1.EndpointSliceList{} }},
		kindReplicaSet: {apps, "replicasets", func() Object { return &appsv1.ReplicaSet{} }, func() runtime.Object { return &appsv1.ReplicaSetList{} }},
		kindDeployment: {apps, "deployments", func() Object { return &appsv1.Deployment{} }, func() runtime.Object { return &appsv1.DeploymentList{} }},
	}, nil
}

// list returns the objects of a kind as they are, and the version from which a watch goes on.
func (s sources) list(ctx context.Context, kind, namespace string) ([]Object, string, error) {
	return s[kind].list(ctx, namespace, metav1.ListOptions{})
}

func (s source) list(ctx context.Context, namespace string, options metav1.ListOptions) ([]Object, string, error) {
	list := s.many()
	err := s.client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(s.resource).VersionedParams(&options, scheme.ParameterCodec).Do(ctx).Into(list)
	if err != nil {
		return nil, "", s.refusal("list", err)
	}
	var objects []Object
	err = meta.EachListItem(list, func(item runtime.Object) error {
		object, ok := item.(Object)
		if !ok {
			return fmt.Errorf("the list of %s holds a %T", s.resource, item)
		}
		objects = append(objects, trimmed(object))
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return nil, "", fmt.Errorf("read the list of %s: %w", s.resource, err)
	}
	return objects, accessor.GetResourceVersion(), nil
}

// watch calls see for every event of a kind after a version. A watch that ends is resumed after the last event; nil says
// that it cannot be, because that is too long ago, and a list has to come first.
func (s sources) watch(ctx context.Context, kind, namespace, version string, see func(o Object, gone bool)) error {
	return s[kind].watch(ctx, namespace, metav1.ListOptions{ResourceVersion: version}, see)
}

func (s source) watch(ctx context.Context, namespace string, options metav1.ListOptions, see func(o Object, gone bool)) error {
	options.Watch, options.AllowWatchBookmarks = true, true
	for ctx.Err() == nil {
		watcher, err := s.client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(s.resource).VersionedParams(&options, scheme.ParameterCodec).Watch(ctx)
		switch {
		case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			return nil
		case err != nil && answered(s.refusal("watch", err)):
			return s.refusal("watch", err)
		case err != nil: // it is away
			pause(ctx)
			continue
		}
		expired := drain(ctx, watcher, &options.ResourceVersion, see)
		watcher.Stop()
		if expired {
			return nil
		}
		pause(ctx)
	}
	return ctx.Err()
}

// drain reads a watch to its end, and keeps the version of the last event. It says whether the server refused to go on.
func drain(ctx context.Context, watcher watch.Interface, version *string, see func(o Object, gone bool)) (expired bool) {
	for {
		var event watch.Event
		var more bool
		select {
		case <-ctx.Done():
			return false
		case event, more = <-watcher.ResultChan():
		}
		if !more {
			return false
		}
		object, ok := event.Object.(Object)
		if event.Type == watch.Error || !ok {
			return true
		}
		*version = object.GetResourceVersion()
		if event.Type != watch.Bookmark {
			see(trimmed(object), event.Type == watch.Deleted)
		}
	}
}

// get reads one object.
func (s sources) get(ctx context.Context, kind, namespace, name string) (Object, error) {
	object := s[kind].one()
	err := s[kind].client.Get().Namespace(namespace).Resource(s[kind].resource).Name(name).Do(ctx).Into(object)
	if err != nil {
		return nil, err
	}
	return trimmed(object), nil
}

// namespaces calls meet for every namespace of a selector, more than once maybe, and part for those that end, until a list
// has to come again.
func (s sources) namespaces(ctx context.Context, selector string, meet func(*corev1.Namespace), part func(name string)) error {
	options := metav1.ListOptions{LabelSelector: selector}
	list := &corev1.NamespaceList{}
	from := s[kindNamespace]
	if err := from.client.Get().Resource(from.resource).VersionedParams(&options, scheme.ParameterCodec).Do(ctx).Into(list); err != nil {
		return from.refusal("list", err)
	}
	for i := range list.Items {
		meet(&list.Items[i])
	}
	options.ResourceVersion = list.ResourceVersion
	return from.watch(ctx, "", options, func(o Object, gone bool) {
		if namespace, ok := o.(*corev1.Namespace); ok && gone {
			part(namespace.Name)
		} else if ok {
			meet(namespace)
		}
	})
}

// refusal marks an error that asking again does not change: a missing right, a kind or a way that is not served.
func (s source) refusal(verb string, err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotAcceptable(err) {
		return fmt.Errorf("%w: %s %s: %v", errRefused, verb, s.resource, err)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s %s: the connection ended: %w", verb, s.resource, err)
	}
	return err
}

// trimmed drops what no invariant is about, since the last state of every object is kept.
func trimmed(o Object) Object {
	o.SetManagedFields(nil)
	if _, namespace := o.(*corev1.Namespace); !namespace {
		o.SetAnnotations(nil)
	}
	return o
}
