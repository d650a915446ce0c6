package namespace

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestWhatTheConditionsSay(t *testing.T) {
	now := time.Unix(1000, 0)
	sets := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	for name, tc := range map[string]struct {
		found findings
		want  []string
	}{
		"all went well": {findings{counted: true}, []string{
			"NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered",
			"NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed",
			"NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization",
			"NamespaceContentRemaining=False ContentRemoved: All content successfully removed",
			"NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished"}},
		"something remains, held by a finalizer": {findings{counted: true, remaining: map[schema.GroupVersionResource]int{sets: 2, pods: 1}, finalizers: map[string]int{"example.com/hold": 2}}, []string{
			"NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered",
			"NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed",
			"NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization",
			"NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances, replicasets.apps has 2 resource instances",
			"NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances"}},
		"a group does not answer, and something cannot be deleted": {findings{counted: true, discovery: errors.New("no answer"), deletion: []error{errors.New("refused")}}, []string{
			"NamespaceDeletionDiscoveryFailure=True DiscoveryFailed: no answer",
			"NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed",
			"NamespaceDeletionContentFailure=True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: refused",
			"NamespaceContentRemaining=False ContentRemoved: All content successfully removed",
			"NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished"}},
	} {
		t.Run(name, func(t *testing.T) {
			conditions, changed := decideConditions(nil, tc.found, now)
			var got []string
			for _, c := range conditions {
				got = append(got, string(c.Type)+"="+string(c.Status)+" "+c.Reason+": "+c.Message)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || !changed {
				t.Errorf("changed %t, conditions (-want +got):\n%s", changed, diff)
			}
			if again, changed := decideConditions(conditions, tc.found, now.Add(time.Hour)); changed {
				t.Errorf("settled conditions would be written again: %v", again)
			}
		})
	}
}

func TestHowLongToWait(t *testing.T) {
	now := time.Unix(1000, 0)
	found := findings{remaining: map[schema.GroupVersionResource]int{}, finalizers: map[string]int{}}
	note(pods, []metav1.PartialObjectMetadata{
		{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{Time: now.Add(30 * time.Second)}}},
		{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{Time: now.Add(-time.Second)}, Finalizers: []string{"f"}}},
	}, &found, now)
	if found.wait != 30*time.Second || found.remaining[pods] != 2 || found.finalizers["f"] != 1 {
		t.Errorf("found %+v", found)
	}
}
