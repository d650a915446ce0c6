package apiserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/klog/v2"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// usageTimeout is how long a node may take to tell what it uses. One that is slower counts as not measured.
const usageTimeout = 3 * time.Second

// nodeUsage and podUsage serve metrics.k8s.io. Nothing is kept here: each request asks the nodes, which measure all the time.
type (
	nodeUsage struct{ nodes *nodeConnection }
	podUsage  struct {
		pods  *store
		nodes *nodeConnection
	}
)

func (r resources) addUsage(pods *store, nodes *nodeConnection) {
	r.add(metricsv1beta1.SchemeGroupVersion, "nodes", nodeUsage{nodes})
	r.add(metricsv1beta1.SchemeGroupVersion, "pods", podUsage{pods, nodes})
}

// tell asks a node for one of the things that it measures.
func (c *nodeConnection) tell(ctx context.Context, node, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	location, err := c.url(ctx, node, path, nil)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
	if err != nil {
		return err
	}
	answer, err := c.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", location, answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// gather asks nodes, all at once, and keeps what those tell that answer.
func gather[T any](ctx context.Context, c *nodeConnection, nodes []string, path string) map[string]T {
	var mu sync.Mutex
	var group sync.WaitGroup
	told := map[string]T{}
	for _, node := range nodes {
		group.Go(func() {
			var answer T
			if err := c.tell(ctx, node, path, &answer); err != nil {
				klog.FromContext(ctx).V(2).Info("A node does not tell what is used", "node", node, "reason", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			told[node] = answer
		})
	}
	group.Wait()
	return told
}

func (nodeUsage) New() runtime.Object     { return &metricsv1beta1.NodeMetrics{} }
func (nodeUsage) NewList() runtime.Object { return &metricsv1beta1.NodeMetricsList{} }
func (podUsage) New() runtime.Object      { return &metricsv1beta1.PodMetrics{} }
func (podUsage) NewList() runtime.Object  { return &metricsv1beta1.PodMetricsList{} }

// Destroy has nothing to end: the stores are others'.
func (nodeUsage) Destroy() {}
func (podUsage) Destroy()  {}

func (nodeUsage) NamespaceScoped() bool { return false }
func (podUsage) NamespaceScoped() bool  { return true }

func (nodeUsage) Kind() string { return "NodeMetrics" }
func (podUsage) Kind() string  { return "PodMetrics" }

// GetSingularName is empty, as metrics-server's: node and pod mean those of the core group.
func (nodeUsage) GetSingularName() string { return "" }
func (podUsage) GetSingularName() string  { return "" }

func (u nodeUsage) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	list, err := u.nodes.nodes.List(clusterScope(ctx, "nodes"), selected(options))
	if err != nil {
		return nil, err
	}
	nodes := list.(*corev1.NodeList).Items
	return &metricsv1beta1.NodeMetricsList{Items: u.of(ctx, nodes)}, nil
}

func (u nodeUsage) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := u.nodes.nodes.Get(clusterScope(ctx, "nodes"), name, options)
	if err != nil {
		return nil, err
	}
	found := u.of(ctx, []corev1.Node{*obj.(*corev1.Node)})
	if len(found) == 0 {
		return nil, apierrors.NewNotFound(metricsv1beta1.Resource("nodes"), name)
	}
	return &found[0], nil
}

func (u nodeUsage) of(ctx context.Context, nodes []corev1.Node) []metricsv1beta1.NodeMetrics {
	names := make([]string, len(nodes))
	for i := range nodes {
		names[i] = nodes[i].Name
	}
	told := gather[metricsv1beta1.NodeMetrics](ctx, u.nodes, names, "/usage/node")
	found := []metricsv1beta1.NodeMetrics{}
	for i := range nodes {
		if metrics, ok := told[nodes[i].Name]; ok {
			metrics.ObjectMeta = metav1.ObjectMeta{Name: nodes[i].Name, Labels: nodes[i].Labels, CreationTimestamp: metav1.Now()}
			found = append(found, metrics)
		}
	}
	return found
}

func (u podUsage) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	list, err := u.pods.List(ctx, selected(options))
	if err != nil {
		return nil, err
	}
	return &metricsv1beta1.PodMetricsList{Items: u.of(ctx, list.(*corev1.PodList).Items)}, nil
}

func (u podUsage) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	pod, err := getPod(ctx, u.pods, name)
	if err != nil {
		return nil, err
	}
	found := u.of(ctx, []corev1.Pod{*pod})
	if len(found) == 0 {
		return nil, apierrors.NewNotFound(metricsv1beta1.Resource("pods"), genericapirequest.NamespaceValue(ctx)+"/"+name)
	}
	return &found[0], nil
}

// of is what Pods use, as far as it was measured, by namespace and name.
func (u podUsage) of(ctx context.Context, pods []corev1.Pod) []metricsv1beta1.PodMetrics {
	var nodes []string
	for i := range pods {
		if node := pods[i].Spec.NodeName; node != "" && !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
	}
	measured := map[string]metricsv1beta1.PodMetrics{}
	for _, told := range gather[metricsv1beta1.PodMetricsList](ctx, u.nodes, nodes, "/usage/pods") {
		for _, metrics := range told.Items {
			measured[string(metrics.UID)] = metrics
		}
	}
	found := []metricsv1beta1.PodMetrics{}
	for i := range pods {
		if metrics, ok := measured[string(pods[i].UID)]; ok {
			metrics.ObjectMeta = metav1.ObjectMeta{
				Namespace: pods[i].Namespace, Name: pods[i].Name, Labels: pods[i].Labels, CreationTimestamp: metav1.Now(),
			}
			found = append(found, metrics)
		}
	}
	slices.SortFunc(found, func(a, b metricsv1beta1.PodMetrics) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return found
}

// selected asks for the same objects, all of them, as the watch cache has them.
func selected(options *metainternalversion.ListOptions) *metainternalversion.ListOptions {
	asked := &metainternalversion.ListOptions{ResourceVersion: "0"}
	if options != nil {
		asked.LabelSelector, asked.FieldSelector = options.LabelSelector, options.FieldSelector
	}
	return asked
}

func (nodeUsage) ConvertToTable(_ context.Context, object, _ runtime.Object) (*metav1.Table, error) {
	return usageTable(object)
}

func (podUsage) ConvertToTable(_ context.Context, object, _ runtime.Object) (*metav1.Table, error) {
	return usageTable(object)
}

// usageTable prints the use of all containers together. Without a row it has no columns, as metrics-server's.
func usageTable(object runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	add := func(obj runtime.Object) error {
		row := metav1.TableRow{Object: runtime.RawExtension{Object: obj}}
		switch obj := obj.(type) {
		case *metricsv1beta1.NodeMetrics:
			row.Cells = usageCells(obj.Name, obj.Window, obj.Usage)
		case *metricsv1beta1.PodMetrics:
			usages := make([]corev1.ResourceList, len(obj.Containers))
			for i := range obj.Containers {
				usages[i] = obj.Containers[i].Usage
			}
			row.Cells = usageCells(obj.Name, obj.Window, usages...)
		}
		table.Rows = append(table.Rows, row)
		return nil
	}
	var err error
	if meta.IsListType(object) {
		err = meta.EachListItem(object, add)
	} else {
		err = add(object)
	}
	if len(table.Rows) > 0 {
		table.ColumnDefinitions = usageColumns
	}
	return table, err
}

var usageColumns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: "Name of the resource"},
	{Name: "cpu", Type: "string", Format: "quantity"},
	{Name: "memory", Type: "string", Format: "quantity"},
	{Name: "Window", Type: "string", Format: "duration"},
}

func usageCells(name string, window metav1.Duration, usages ...corev1.ResourceList) []any {
	total := corev1.ResourceList{}
	for _, usage := range usages {
		for name, quantity := range usage {
			sum := total[name]
			sum.Add(quantity)
			total[name] = sum
		}
	}
	return []any{name, total.Cpu().String(), total.Memory().String(), window.Duration.String()}
}
