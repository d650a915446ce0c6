package deployment

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	appslisters "k8s.io/client-go/listers/apps/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// TestTellingAfterAChange: a status that was decided before somebody changed the spec is still told, unless it is older than the last.
func TestTellingAfterAChange(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*appsv1.Deployment)
		told   bool
	}{
		"the spec has changed":   {func(d *appsv1.Deployment) { d.Spec.Paused, d.Generation = true, 3 }, true},
		"the status has changed": {func(d *appsv1.Deployment) { d.Status.Replicas = 7 }, false},
		"it is another one":      {func(d *appsv1.Deployment) { d.UID = "another" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			observed := web(3)
			stored := observed.DeepCopy()
			tc.change(stored)
			client := fake.NewClientset(stored)
			tries := 0
			client.PrependReactor("update", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
				tries++
				return tries == 1, nil, apierrors.NewConflict(appsv1.Resource("deployments"), "web", nil)
			})
			decided := decide(observed, nil, nil, now).told
			err := (&Controller{client: client}).tell(t.Context(), observed, decided)
			if (err == nil) != tc.told {
				t.Fatalf("told: %v", err)
			}
			got, err := client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := stored
			if tc.told {
				want = stored.DeepCopy()
				want.Status, want.Annotations = decided.Status, map[string]string{revisionAnnotation: "1"}
			}
			if diff := cmp.Diff([]any{want.Spec, want.Status, want.Annotations, want.Generation}, []any{got.Spec, got.Status, got.Annotations, got.Generation}); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNameIsTaken: a set of another's is a collision, and counted; one's own is only not seen yet.
func TestNameIsTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*appsv1.ReplicaSet)
		want   *int32
	}{
		"by its own":               {func(*appsv1.ReplicaSet) {}, nil},
		"by an orphan":             {func(s *appsv1.ReplicaSet) { s.OwnerReferences = nil }, ptr.To[int32](1)},
		"by one of other contents": {func(s *appsv1.ReplicaSet) { s.Spec.Template.Spec.Containers[0].Image = "other" }, ptr.To[int32](1)},
	} {
		t.Run(name, func(t *testing.T) {
			d := web(3)
			decided := decide(d, nil, nil, now)
			taken := decided.create.DeepCopy()
			tc.change(taken)
			client := fake.NewClientset(d, taken)
			known := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
			if err := known.Add(taken); err != nil {
				t.Fatal(err)
			}
			c := &Controller{client: client, sets: appslisters.NewReplicaSetLister(known)}
			if err := c.apply(t.Context(), d, decided); !apierrors.IsAlreadyExists(err) {
				t.Errorf("got %v; want the name taken, and another try", err)
			}
			got, err := client.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(appsv1.DeploymentStatus{CollisionCount: tc.want}, got.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}
