package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/apiserver"
	"github.com/plumbline/plumbline/reference/balancer"
	"github.com/plumbline/plumbline/reference/controller"
	"github.com/plumbline/plumbline/reference/scheduler"
)

// patience is how long a test waits for what should take milliseconds; a loaded machine is slow.
const patience = 30 * time.Second

// cluster is a real API server with real controllers and a real scheduler; only the nodes are played.
type cluster struct {
	t      *testing.T
	client kubernetes.Interface
	config *rest.Config
	grace  time.Duration
	stop   func() // the controllers and the scheduler
}

func startCluster(t *testing.T, grace time.Duration) *cluster {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	server, err := apiserver.New(ctx, apiserver.Options{
		DataDir: t.TempDir(), BindAddress: netip.MustParseAddr("127.0.0.1"), AdvertiseAddress: netip.MustParseAddr("192.0.2.1"),
		ServiceClusterIPRanges: []netip.Prefix{netip.MustParsePrefix("10.96.0.0/16")}, ServiceNodePorts: utilnet.PortRange{Base: 30000, Size: 2768},
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Run(ctx); err != nil {
			t.Errorf("API server: %v", err)
		}
	})
	c := &cluster{t: t, config: server.ClientConfig(), grace: grace}
	t.Cleanup(func() {
		c.stop()
		cancel()
		running.Wait()
	})
	c.stop = func() {}
	select {
	case <-server.Ready():
	case <-time.After(patience):
		t.Fatal("the API server does not become ready")
	}
	config := server.ClientConfig()
	config.QPS = -1
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	c.start()
	return c
}

// start runs the controllers and the scheduler; stop ends them, as a crash of their process would.
func (c *cluster) start() {
	pool, err := balancer.ParsePool(loadBalancers)
	if err != nil {
		c.t.Fatal(err)
	}
	options := controller.Options{Config: c.config, ClusterCIDR: netip.MustParsePrefix("10.244.0.0/16"), NodeMonitorGracePeriod: c.grace, LoadBalancers: pool}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := controller.Run(ctx, options); err != nil && ctx.Err() == nil {
			c.t.Errorf("controllers: %v", err)
		}
	})
	running.Go(func() {
		if err := scheduler.Run(ctx, scheduler.Options{Config: c.config}); err != nil && ctx.Err() == nil {
			c.t.Errorf("scheduler: %v", err)
		}
	})
	c.stop = func() {
		cancel()
		running.Wait()
		c.stop = func() {}
	}
}

// nodes plays that many nodes: they register, report themselves ready, run what is bound to them and end what is deleted.
func (c *cluster) nodes(count int) {
	c.t.Helper()
	for i := range count {
		name := fmt.Sprintf("n%d", i+1)
		_, err := c.client.CoreV1().Nodes().Create(c.t.Context(), &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
		}, metav1.CreateOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		c.beat(name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	factory := informers.NewSharedInformerFactory(c.client, 0)
	k := kubelet{cluster: c, ctx: ctx}
	if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: k.sync, UpdateFunc: func(_, obj any) { k.sync(obj) },
	}); err != nil {
		c.t.Fatal(err)
	}
	factory.StartWithContext(ctx)
	c.t.Cleanup(func() { cancel(); factory.Shutdown() })
}

// beat reports a node ready, now.
func (c *cluster) beat(name string) {
	c.t.Helper()
	status := map[string]any{"status": corev1.NodeStatus{
		Capacity:    corev1.ResourceList{"cpu": resource.MustParse("8"), "memory": resource.MustParse("16Gi"), "pods": resource.MustParse("110")},
		Allocatable: corev1.ResourceList{"cpu": resource.MustParse("8"), "memory": resource.MustParse("16Gi"), "pods": resource.MustParse("110")},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
			LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
	}}
	patch, err := json.Marshal(status)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.client.CoreV1().Nodes().Patch(c.t.Context(), name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		c.t.Fatal(err)
	}
}

// kubelet plays the nodes' part in a Pod's life.
type kubelet struct {
	*cluster
	ctx context.Context
	mu  sync.Mutex
	ips int
}

func (k *kubelet) sync(obj any) {
	pod := obj.(*corev1.Pod)
	if pod.Spec.NodeName == "" || pod.Annotations["test/silent"] != "" {
		return
	}
	pods := k.client.CoreV1().Pods(pod.Namespace)
	if pod.DeletionTimestamp != nil {
		if pod.Annotations["test/lingers"] == "" {
			_ = pods.Delete(k.ctx, pod.Name, *metav1.NewDeleteOptions(0)) // gone already is as good
		}
		return
	}
	if pod.Status.Phase != corev1.PodPending {
		return
	}
	k.mu.Lock()
	k.ips++
	ip := fmt.Sprintf("10.244.%d.%d", k.ips/250, k.ips%250+1)
	k.mu.Unlock()
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"phase": corev1.PodRunning, "podIP": ip, "podIPs": []corev1.PodIP{{IP: ip}},
		"conditions": []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}},
	}})
	if err == nil {
		_, _ = pods.Patch(k.ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status") // a Pod deleted meanwhile needs none
	}
}

// namespace makes a namespace of the test's own.
func (c *cluster) namespace(t *testing.T) string {
	t.Helper()
	namespace, err := c.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

// eventually waits until look is content, and otherwise fails with what it saw last. It returns how long it took.
func eventually(t *testing.T, what string, look func() (seen string, content bool)) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		seen, content := look()
		if content {
			return time.Since(start)
		}
		if time.Since(start) > patience {
			t.Fatalf("%s: after %v still %s", what, patience, seen)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func (c *cluster) pods(t *testing.T, namespace, selector string) []corev1.Pod {
	t.Helper()
	list, err := c.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (c *cluster) set(t *testing.T, namespace, name string) *appsv1.ReplicaSet {
	t.Helper()
	set, err := c.client.AppsV1().ReplicaSets(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example.com/none", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}}}
}

func (c *cluster) createSet(t *testing.T, namespace, name string, replicas int32) *appsv1.ReplicaSet {
	t.Helper()
	labels := map[string]string{"app": name}
	set, err := c.client.AppsV1().ReplicaSets(namespace).Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (c *cluster) createPod(t *testing.T, namespace, name string, change func(*corev1.Pod)) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: podSpec()}
	if change != nil {
		change(pod)
	}
	pod, err := c.client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

func (c *cluster) ready(t *testing.T, namespace, name string, want int32) time.Duration {
	t.Helper()
	return eventually(t, fmt.Sprintf("%d ready replicas of %s", want, name), func() (string, bool) {
		s := c.set(t, namespace, name).Status
		return fmt.Sprintf("%+v", s), s.Replicas == want && s.ReadyReplicas == want && s.AvailableReplicas == want
	})
}

func (c *cluster) label(t *testing.T, namespace, pod, patch string) {
	t.Helper()
	if _, err := c.client.CoreV1().Pods(namespace).Patch(t.Context(), pod, types.MergePatchType, []byte(`{"metadata":{"labels":`+patch+`}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}
