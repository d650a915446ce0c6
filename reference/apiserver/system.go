package apiserver

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/storage"
)

// systemNamespaces exist in every cluster.
var systemNamespaces = []string{metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease, metav1.NamespaceDefault}

// kubernetesService is the Service by which Pods reach the API.
const kubernetesService = "kubernetes"

// createSystemObjects makes what every cluster has, before the server calls itself ready: the system's namespaces, the
// roles, a storage class, the Service kubernetes with this server behind it, and the cluster's DNS.
func (s *Server) createSystemObjects(hook genericapiserver.PostStartHookContext) error {
	client, err := kubernetes.NewForConfig(s.loopback)
	if err != nil {
		return fmt.Errorf("make a client for the system's objects: %w", err)
	}
	var last error
	err = wait.PollUntilContextTimeout(hook, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		last = s.ensureSystemObjects(ctx, client)
		if last != nil {
			klog.V(2).InfoS("System objects are not there yet", "reason", last)
		}
		return last == nil, nil
	})
	if hook.Err() != nil {
		return nil // the server ends before it began; an error here would kill the process
	}
	if err != nil {
		return fmt.Errorf("create the system's objects: %w (last: %w)", err, last)
	}
	close(s.ready)
	return nil
}

func (s *Server) ensureSystemObjects(ctx context.Context, client kubernetes.Interface) error {
	for _, name := range systemNamespaces {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := createIfMissing(ctx, client.CoreV1().Namespaces().Get, client.CoreV1().Namespaces().Create, namespace); err != nil {
			return fmt.Errorf("create namespace %s: %w", name, err)
		}
	}
	// None of these needs another of them, and each is many requests.
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.ensureRoles(ctx, client) })
	group.Go(func() error { return s.ensureAPIService(ctx, client) })
	group.Go(func() error { return s.ensureDNS(ctx, client) })
	group.Go(func() error {
		classes := client.StorageV1().StorageClasses()
		if err := createIfMissing(ctx, classes.Get, classes.Create, diskClass()); err != nil {
			return fmt.Errorf("create storage class %s: %w", storage.Class, err)
		}
		return nil
	})
	return group.Wait()
}

// ensureAPIService makes the Service kubernetes, and has it lead here.
func (s *Server) ensureAPIService(ctx context.Context, client kubernetes.Interface) error {
	services := client.CoreV1().Services(metav1.NamespaceDefault)
	if err := createIfMissing(ctx, services.Get, services.Create, apiService(s.options.serviceIP(), s.port)); err != nil {
		return fmt.Errorf("create service %s: %w", kubernetesService, err)
	}
	if err := s.ensureEndpoints(ctx, client); err != nil {
		return err
	}
	return s.ensureEndpointSlice(ctx, client)
}

func (s *Server) ensureEndpoints(ctx context.Context, client kubernetes.Interface) error {
	endpoints := client.CoreV1().Endpoints(metav1.NamespaceDefault)
	want := apiEndpoints(s.options.AdvertiseAddress, s.port)
	have, err := endpoints.Get(ctx, want.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = endpoints.Create(ctx, want, metav1.CreateOptions{})
	case err == nil && !(equality.Semantic.DeepEqual(have.Subsets, want.Subsets) && equality.Semantic.DeepEqual(have.Labels, want.Labels)):
		have.Subsets, have.Labels = want.Subsets, want.Labels
		_, err = endpoints.Update(ctx, have, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("set endpoints %s: %w", want.Name, err)
	}
	return nil
}

func (s *Server) ensureEndpointSlice(ctx context.Context, client kubernetes.Interface) error {
	slices := client.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault)
	want := apiEndpointSlice(s.options.AdvertiseAddress, s.port)
	have, err := slices.Get(ctx, want.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = slices.Create(ctx, want, metav1.CreateOptions{})
	case err == nil && !(equality.Semantic.DeepEqual(have.Endpoints, want.Endpoints) && equality.Semantic.DeepEqual(have.Ports, want.Ports) &&
		equality.Semantic.DeepEqual(have.Labels, want.Labels)):
		have.Endpoints, have.Ports, have.Labels = want.Endpoints, want.Ports, want.Labels
		_, err = slices.Update(ctx, have, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("set endpoint slice %s: %w", want.Name, err)
	}
	return nil
}

func createIfMissing[T metav1.Object](ctx context.Context, get func(context.Context, string, metav1.GetOptions) (T, error),
	create func(context.Context, T, metav1.CreateOptions) (T, error), obj T) error {
	_, err := get(ctx, obj.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = create(ctx, obj, metav1.CreateOptions{})
	}
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// diskClass is the class of volumes on nodes' own disks, which claims get that name none. Where a volume is made is decided with the
// first Pod that uses it.
func diskClass() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: storage.Class, Annotations: map[string]string{kind.DefaultClassAnnotation: "true"}},
		Provisioner:       storage.Provisioner,
		VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
	}
}

func apiService(ip netip.Addr, port int) *corev1.Service {
	policy := corev1.IPFamilyPolicySingleStack
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesService, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{"component": "apiserver", "provider": "kubernetes"},
		},
		Spec: corev1.ServiceSpec{
			ClusterIP:       ip.String(),
			ClusterIPs:      []string{ip.String()},
			IPFamilyPolicy:  &policy,
			SessionAffinity: corev1.ServiceAffinityNone,
			Type:            corev1.ServiceTypeClusterIP,
			Ports:           []corev1.ServicePort{{Name: "https", Protocol: corev1.ProtocolTCP, Port: 443, TargetPort: intstr.FromInt(port)}},
		},
	}
}

func apiEndpoints(ip netip.Addr, port int) *corev1.Endpoints {
	return &corev1.Endpoints{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesService, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{discoveryv1.LabelSkipMirror: "true"},
		},
		Subsets: []corev1.EndpointSubset{{
			Addresses: []corev1.EndpointAddress{{IP: ip.String()}},
			Ports:     []corev1.EndpointPort{{Name: "https", Port: int32(port), Protocol: corev1.ProtocolTCP}},
		}},
	}
}

func apiEndpointSlice(ip netip.Addr, port int) *discoveryv1.EndpointSlice {
	ready, name, protocol, number := true, "https", corev1.ProtocolTCP, int32(port)
	family := discoveryv1.AddressTypeIPv4
	if ip.Is6() {
		family = discoveryv1.AddressTypeIPv6
	}
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: kubernetesService, Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{discoveryv1.LabelServiceName: kubernetesService},
		},
		AddressType: family,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{ip.String()}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &number, Protocol: &protocol}},
	}
}
