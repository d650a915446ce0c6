package apiserver_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/google/go-cmp/cmp"
)

func configMap(name string, labels map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

func TestApplyConflict(t *testing.T) {
	ns := shared.namespace(t)
	path := "/api/v1/namespaces/" + ns + "/configmaps/map"
	apply := func(manager, value string, more string) answer {
		return shared.request(t, "PATCH", path+"?fieldManager="+manager+more,
			fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"map"},"data":{"a":%q}}`, value), "Content-Type", applyType)
	}
	if a := apply("first", "1", ""); a.code != 201 {
		t.Fatalf("apply what is not there: %d %s", a.code, a.body)
	}
	if a := apply("first", "2", ""); a.code != 200 {
		t.Fatalf("apply one's own change: %d %s", a.code, a.body)
	}
	a := apply("second", "3", "")
	if a.code != 409 || !strings.Contains(a.status.Message, `Apply failed with 1 conflict: conflict with "first": .data.a`) {
		t.Errorf("apply a change of another's: %d %s", a.code, a.status.Message)
	}
	if a := apply("second", "3", "&force=true"); a.code != 200 {
		t.Errorf("apply with force: %d %s", a.code, a.body)
	}
	got, err := shared.client.CoreV1().ConfigMaps(ns).Get(t.Context(), "map", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	managers := map[string]string{}
	for _, entry := range got.ManagedFields {
		managers[entry.Manager] = string(entry.FieldsV1.Raw)
	}
	if got.Data["a"] != "3" || !strings.Contains(managers["second"], "f:a") || strings.Contains(managers["first"], "f:a") {
		t.Errorf("a is %q, managed by %v; want it 3, and the second's", got.Data["a"], managers)
	}
}

func TestPatches(t *testing.T) {
	ns := shared.namespace(t)
	shared.boundPod(t, ns, "pod")
	path := "/api/v1/namespaces/" + ns + "/pods/pod"
	for _, tt := range []struct{ name, mediaType, body, label string }{
		{"JSON patch", jsonPatch, `[{"op":"add","path":"/metadata/labels","value":{"a":"1"}}]`, "1"},
		{"merge patch", mergeType, `{"metadata":{"labels":{"a":"2"}}}`, "2"},
		{"strategic merge patch", "application/strategic-merge-patch+json", `{"metadata":{"labels":{"a":"3"}},"spec":{"containers":[{"name":"main","image":"other"}]}}`, "3"},
		{"apply", applyType, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod","labels":{"a":"4"}}}`, "4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			query := "?fieldManager=test"
			if tt.mediaType == applyType {
				query += "&force=true"
			}
			a := shared.request(t, "PATCH", path+query, tt.body, "Content-Type", tt.mediaType)
			var got corev1.Pod
			if err := json.Unmarshal(a.body, &got); err != nil || a.code != 200 || got.Labels["a"] != tt.label {
				t.Errorf("got %d %.200s", a.code, a.body)
			}
		})
	}
}

func TestTable(t *testing.T) {
	ns := shared.namespace(t)
	shared.boundPod(t, ns, "pod")
	a := shared.request(t, "GET", "/api/v1/namespaces/"+ns+"/pods", "", "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	var table metav1.Table
	if err := json.Unmarshal(a.body, &table); err != nil {
		t.Fatal(err)
	}
	var columns []string
	for _, c := range table.ColumnDefinitions {
		columns = append(columns, c.Name)
	}
	want := []string{"Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"}
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Error(diff)
	}
	if len(table.Rows) != 1 || len(table.Rows[0].Cells) != len(want) || table.Rows[0].Cells[0] != "pod" || table.Rows[0].Cells[6] != "node-1" {
		t.Fatalf("rows are %v", table.Rows)
	}
	var object metav1.PartialObjectMetadata
	if err := json.Unmarshal(table.Rows[0].Object.Raw, &object); err != nil || object.Kind != "PartialObjectMetadata" || object.Name != "pod" {
		t.Errorf("the row's object is %s, %v", table.Rows[0].Object.Raw, err)
	}
	if table.ResourceVersion == "" {
		t.Error("the table has no resource version")
	}
}

// TestWatchFollowsSelector: an object that stops matching is deleted for the watcher, with its old labels and the new version.
func TestWatchFollowsSelector(t *testing.T) {
	ns := shared.namespace(t)
	maps := shared.client.CoreV1().ConfigMaps(ns)
	w, err := maps.Watch(t.Context(), metav1.ListOptions{LabelSelector: "color=blue"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	set := func(color string) string {
		patched, err := maps.Patch(t.Context(), "map", types.MergePatchType, []byte(`{"metadata":{"labels":{"color":"`+color+`"}}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return patched.ResourceVersion
	}
	if _, err := maps.Create(t.Context(), configMap("map", map[string]string{"color": "red"}), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	blue := set("blue")
	red := set("red")
	expect := func(kind watch.EventType, color, version string) {
		t.Helper()
		select {
		case e := <-w.ResultChan():
			m, ok := e.Object.(*corev1.ConfigMap)
			if !ok || e.Type != kind || m.Labels["color"] != color || m.ResourceVersion != version {
				t.Errorf("got %s %v; want %s with color %s at %s", e.Type, e.Object, kind, color, version)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no event; want %s", kind)
		}
	}
	expect(watch.Added, "blue", blue)
	expect(watch.Deleted, "blue", red)
}

func TestFinalizersHoldAnObject(t *testing.T) {
	ns := shared.namespace(t)
	maps := shared.client.CoreV1().ConfigMaps(ns)
	m := configMap("map", nil)
	m.Finalizers = []string{"example.com/hold"}
	if _, err := maps.Create(t.Context(), m, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "map", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	held, err := maps.Get(t.Context(), "map", metav1.GetOptions{})
	if err != nil || held.DeletionTimestamp == nil {
		t.Fatalf("got %v, %v; want it held", held.ObjectMeta, err)
	}
	_, err = maps.Patch(t.Context(), "map", types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("add a finalizer during deletion: %v, want it refused", err)
	}
	if _, err := maps.Patch(t.Context(), "map", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Get(t.Context(), "map", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v; want it gone", err)
	}
}

func TestPropagationSetsFinalizers(t *testing.T) {
	ns := shared.namespace(t)
	sets := shared.client.AppsV1().ReplicaSets(ns)
	for policy, want := range map[metav1.DeletionPropagation]string{
		metav1.DeletePropagationForeground: metav1.FinalizerDeleteDependents,
		metav1.DeletePropagationOrphan:     metav1.FinalizerOrphanDependents,
		metav1.DeletePropagationBackground: "",
	} {
		t.Run(string(policy), func(t *testing.T) {
			name := strings.ToLower(string(policy))
			if _, err := sets.Create(t.Context(), replicaSet(name), metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := sets.Delete(t.Context(), name, metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
				t.Fatal(err)
			}
			got, err := sets.Get(t.Context(), name, metav1.GetOptions{})
			switch {
			case want == "" && !apierrors.IsNotFound(err):
				t.Errorf("got %v; want it gone", err)
			case want != "" && (err != nil || len(got.Finalizers) != 1 || got.Finalizers[0] != want):
				t.Errorf("got %v, %v; want finalizer %s", got.Finalizers, err, want)
			}
		})
	}
}

func replicaSet(name string) *appsv1.ReplicaSet {
	labels := map[string]string{"app": name}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod(name).Spec},
		},
	}
}

func TestScale(t *testing.T) {
	ns := shared.namespace(t)
	sets := shared.client.AppsV1().ReplicaSets(ns)
	if _, err := sets.Create(t.Context(), replicaSet("set"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	scale, err := sets.GetScale(t.Context(), "set", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if scale.Spec.Replicas != 1 || scale.Status.Selector != "app=set" {
		t.Errorf("the scale is %v of %q", scale.Spec, scale.Status.Selector)
	}
	scale.Spec.Replicas = 5
	if scale, err = sets.UpdateScale(t.Context(), "set", scale, metav1.UpdateOptions{}); err != nil || scale.Spec.Replicas != 5 {
		t.Fatalf("got %v, %v", scale, err)
	}
	if set, err := sets.Get(t.Context(), "set", metav1.GetOptions{}); err != nil || *set.Spec.Replicas != 5 || set.Generation != 2 {
		t.Errorf("got %v, %v; want 5 replicas and generation 2", set, err)
	}
	stale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "set", ResourceVersion: "1"}, Spec: autoscalingv1.ScaleSpec{Replicas: 6}}
	if _, err := sets.UpdateScale(t.Context(), "set", stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an old version: %v, want a conflict", err)
	}
	negative := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "set"}, Spec: autoscalingv1.ScaleSpec{Replicas: -1}}
	if _, err := sets.UpdateScale(t.Context(), "set", negative, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("a negative number: %v, want it refused", err)
	}
	if _, err := sets.GetScale(t.Context(), "missing", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the scale of what is not there: %v, want not found", err)
	}
}

// TestScaleOfDeployment asks for what is not the same as a ReplicaSet's.
func TestScaleOfDeployment(t *testing.T) {
	deployments := shared.client.AppsV1().Deployments(shared.namespace(t))
	like := replicaSet("web")
	d := &appsv1.Deployment{ObjectMeta: like.ObjectMeta, Spec: appsv1.DeploymentSpec{Selector: like.Spec.Selector, Template: like.Spec.Template}}
	if _, err := deployments.Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	scale, err := deployments.GetScale(t.Context(), "web", metav1.GetOptions{})
	if err != nil || scale.Spec.Replicas != 1 || scale.Status.Selector != "app=web" {
		t.Fatalf("the scale is %v, %v", scale, err)
	}
	scale.Spec.Replicas = 4
	if scale, err = deployments.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{}); err != nil || scale.Spec.Replicas != 4 {
		t.Fatalf("got %v, %v", scale, err)
	}
	if d, err = deployments.Get(t.Context(), "web", metav1.GetOptions{}); err != nil || *d.Spec.Replicas != 4 || d.Generation != 2 {
		t.Errorf("got %v, %v; want 4 replicas and generation 2", d, err)
	}
	for _, entry := range d.ManagedFields {
		if entry.Subresource == "scale" && strings.Contains(string(entry.FieldsV1.Raw), "f:replicas") {
			return
		}
	}
	t.Errorf("nobody owns the replicas by way of the scale: %v", d.ManagedFields)
}

func TestNamespaceTermination(t *testing.T) {
	ctx := t.Context()
	namespaces := shared.client.CoreV1().Namespaces()
	ns := shared.namespace(t)
	before, err := namespaces.Get(ctx, ns, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if before.Labels[corev1.LabelMetadataName] != ns || len(before.Spec.Finalizers) != 1 || before.Status.Phase != corev1.NamespaceActive {
		t.Errorf("a new namespace has labels %v, finalizers %v, phase %s", before.Labels, before.Spec.Finalizers, before.Status.Phase)
	}
	if err := namespaces.Delete(ctx, ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ending, err := namespaces.Get(ctx, ns, metav1.GetOptions{})
	if err != nil || ending.Status.Phase != corev1.NamespaceTerminating || ending.DeletionTimestamp == nil {
		t.Fatalf("got %v, %v; want it terminating", ending, err)
	}
	_, err = shared.client.CoreV1().ConfigMaps(ns).Create(ctx, configMap("map", nil), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		t.Errorf("create in a terminating namespace: %v", err)
	}
	ending.Status.Conditions = []corev1.NamespaceCondition{{Type: corev1.NamespaceContentRemaining, Status: corev1.ConditionTrue}}
	if ending, err = namespaces.UpdateStatus(ctx, ending, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Get(ctx, ns, metav1.GetOptions{}); err != nil {
		t.Fatalf("an update of the status ended it: %v", err)
	}
	ending.Spec.Finalizers = nil
	if _, err := namespaces.Finalize(ctx, ending, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Get(ctx, ns, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v; want it gone", err)
	}
}

func TestPagination(t *testing.T) {
	ns := shared.namespace(t)
	maps := shared.client.CoreV1().ConfigMaps(ns)
	for i := range 7 {
		if _, err := maps.Create(t.Context(), configMap(fmt.Sprintf("map-%d", i), nil), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var names, sizes []string
	options := metav1.ListOptions{Limit: 3}
	for {
		page, err := maps.List(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Items {
			names = append(names, m.Name)
		}
		sizes = append(sizes, fmt.Sprint(len(page.Items)))
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
	}
	if len(names) != 7 || strings.Join(sizes, " ") != "3 3 1" {
		t.Errorf("pages of %v with %v", sizes, names)
	}
}

func TestDryRun(t *testing.T) {
	ns := shared.namespace(t)
	services := shared.client.CoreV1().Services(ns)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "service"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := services.Create(t.Context(), service, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	if _, err := services.Get(t.Context(), "service", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after a dry run: %v, want not found", err)
	}
}

func TestEventsInBothGroups(t *testing.T) {
	ns := shared.namespace(t)
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "event"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: ns, Name: "pod"},
		Reason:         "Because", Message: "something happened", Type: corev1.EventTypeNormal,
	}
	if _, err := shared.client.CoreV1().Events(ns).Create(t.Context(), event, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := shared.client.EventsV1().Events(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "regarding.name=pod"})
	if err != nil || len(list.Items) != 1 || list.Items[0].Note != "something happened" || list.Items[0].Regarding.Kind != "Pod" {
		t.Errorf("got %v, %v", list, err)
	}
	for selector, want := range map[string]int{"involvedObject.name=pod,type=Normal": 1, "involvedObject.name=other": 0} {
		list, err := shared.client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: got %v, %v; want %d", selector, list, err, want)
		}
	}
}
