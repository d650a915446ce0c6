package apiserver_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// TestAutoscalersInBothVersions: one storage is behind both; lists and watches convert, too, and who applied a field owns it in either.
func TestAutoscalersInBothVersions(t *testing.T) {
	ns := shared.namespace(t)
	groups, err := shared.client.Discovery().ServerGroups()
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range groups.Groups {
		if group.Name != "autoscaling" {
			continue
		}
		var versions []string
		for _, version := range group.Versions {
			versions = append(versions, version.Version)
		}
		if diff := cmp.Diff([]string{"v2", "v1"}, versions); diff != "" || group.PreferredVersion.Version != "v2" {
			t.Errorf("%s is preferred of the versions (-want +got):\n%s", group.PreferredVersion.Version, diff)
		}
	}

	older, newer := shared.client.AutoscalingV1().HorizontalPodAutoscalers(ns), shared.client.AutoscalingV2().HorizontalPodAutoscalers(ns)
	watched, err := older.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Stop()
	_, err = newer.Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web"}, MaxReplicas: 3}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seen, ok := (<-watched.ResultChan()).Object.(*autoscalingv1.HorizontalPodAutoscaler)
	if !ok || ptr.Deref(seen.Spec.TargetCPUUtilizationPercentage, 0) != 80 {
		t.Errorf("the watch shows %v, want one of autoscaling/v1 with a share of 80", seen)
	}
	list, err := older.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || ptr.Deref(list.Items[0].Spec.TargetCPUUtilizationPercentage, 0) != 80 {
		t.Errorf("the list is %v, %v", list, err)
	}

	path := "/namespaces/" + ns + "/horizontalpodautoscalers/web?fieldManager="
	if a := shared.request(t, "PATCH", "/apis/autoscaling/v1"+path+"older&force=true",
		`{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},"spec":{"minReplicas":2},"status":{"currentReplicas":5}}`,
		"Content-Type", applyType); a.code != 200 {
		t.Fatalf("apply through the one version: %d %s", a.code, a.body)
	}
	a := shared.request(t, "PATCH", "/apis/autoscaling/v2"+path+"newer",
		`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},"spec":{"minReplicas":1}}`, "Content-Type", applyType)
	if a.code != 409 || !strings.Contains(string(a.body), "older") {
		t.Errorf("apply another number through the other: %d %s, want a conflict with the first", a.code, a.body)
	}
	got, err := newer.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil || ptr.Deref(got.Spec.MinReplicas, 0) != 2 || got.Status.CurrentReplicas != 0 || len(got.Annotations) != 0 || got.Generation != 2 {
		t.Errorf("stored is %v, %v", got, err)
	}
}
