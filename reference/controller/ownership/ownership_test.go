package ownership

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var (
	now  = metav1.Time{Time: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	kind = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}
)

// a changes an object in one respect, so that cases read as sentences.
type a func(*metav1.ObjectMeta)

func meta(name string, changes ...a) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name), Labels: map[string]string{"app": "web"}}
	for _, change := range changes {
		change(&m)
	}
	return m
}

func pod(name string, changes ...a) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: meta(name, changes...)}
}

func labelled(app string) a {
	return func(m *metav1.ObjectMeta) { m.Labels = map[string]string{"app": app} }
}
func leaving(m *metav1.ObjectMeta)   { m.DeletionTimestamp = &now }
func elsewhere(m *metav1.ObjectMeta) { m.Namespace = "other" }
func ownedBy(uid types.UID) a {
	return func(m *metav1.ObjectMeta) {
		yes := true
		m.OwnerReferences = append(m.OwnerReferences, metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: uid, Controller: &yes})
	}
}

// known has an owner that does not control it.
func known(m *metav1.ObjectMeta) {
	m.OwnerReferences = append(m.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "notes", UID: "notes"})
}

func TestWhoseIsIt(t *testing.T) {
	selector := labels.SelectorFromSet(labels.Set{"app": "web"})
	owner, gone := meta("set"), meta("set", leaving)
	type whose struct{ Owned, Adopt, Release int }
	for name, tc := range map[string]struct {
		owner metav1.ObjectMeta
		pod   *corev1.Pod
		want  whose
	}{
		"its own that matches is its own":                  {owner, pod("a", ownedBy("set")), whose{Owned: 1}},
		"its own that is on its way out is its own":        {owner, pod("a", ownedBy("set"), leaving), whose{Owned: 1}},
		"a matching orphan is adopted":                     {owner, pod("a"), whose{Adopt: 1}},
		"an orphan that does not match is left":            {owner, pod("a", labelled("db")), whose{}},
		"what is relabelled is released":                   {owner, pod("a", ownedBy("set"), labelled("quarantine")), whose{Release: 1}},
		"what another controller owns is never taken":      {owner, pod("a", ownedBy("other")), whose{}},
		"what has an owner that does not control it is":    {owner, pod("a", known), whose{Adopt: 1}},
		"an orphan on its way out is not adopted":          {owner, pod("a", leaving), whose{}},
		"an orphan of another namespace is not adopted":    {owner, pod("a", elsewhere), whose{}},
		"an owner being deleted keeps what it has":         {gone, pod("a", ownedBy("set")), whose{Owned: 1}},
		"an owner being deleted adopts nothing":            {gone, pod("a"), whose{}},
		"an owner being deleted releases nothing":          {gone, pod("a", ownedBy("set"), labelled("x")), whose{}},
		"of an owner of the same name nothing is released": {owner, pod("a", ownedBy("set-before"), labelled("x")), whose{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Decide(&tc.owner, selector, []*corev1.Pod{tc.pod})
			if diff := cmp.Diff(tc.want, whose{len(got.Owned), len(got.Adopt), len(got.Release)}); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClaim: what is sent to the server, and what an owner has after it.
func TestClaim(t *testing.T) {
	const (
		adopts   = `{"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"set","uid":"set","controller":true,"blockOwnerDeletion":true}],"uid":"a"}}`
		releases = `{"metadata":{"ownerReferences":[{"$patch":"delete","uid":"set"}],"uid":"a"}}`
	)
	pods := schema.GroupResource{Resource: "pods"}
	adopt, release := Claims[*corev1.Pod]{Adopt: []*corev1.Pod{pod("a")}}, Claims[*corev1.Pod]{Release: []*corev1.Pod{pod("a")}}
	there, deleted, another := meta("set"), meta("set", leaving), meta("set", func(m *metav1.ObjectMeta) { m.UID = "later" })
	for name, tc := range map[string]struct {
		claims  Claims[*corev1.Pod]
		fresh   *metav1.ObjectMeta // nil: not there
		answer  error
		patches []string
		owned   int
		fails   bool
	}{
		"nothing to do asks nobody":                         {claims: Claims[*corev1.Pod]{Owned: []*corev1.Pod{pod("a")}}, owned: 1},
		"an orphan is adopted":                              {claims: adopt, fresh: &there, patches: []string{adopts}, owned: 1},
		"an orphan that has gone is not":                    {claims: adopt, fresh: &there, answer: apierrors.NewNotFound(pods, "a"), patches: []string{adopts}},
		"an orphan that cannot be":                          {claims: adopt, fresh: &there, answer: apierrors.NewInvalid(kind.GroupKind(), "a", nil), patches: []string{adopts}, fails: true},
		"an owner that has gone adopts nothing":             {claims: adopt, fails: true},
		"an owner that was deleted since adopts nothing":    {claims: adopt, fresh: &deleted, fails: true},
		"an owner that is another now adopts nothing":       {claims: adopt, fresh: &another, fails: true},
		"a release does not ask for the owner":              {claims: release, patches: []string{releases}},
		"a release of what has gone is none":                {claims: release, answer: apierrors.NewNotFound(pods, "a"), patches: []string{releases}},
		"a release of another of its name is none":          {claims: release, answer: apierrors.NewInvalid(kind.GroupKind(), "a", nil), patches: []string{releases}},
		"a release that the server does not hear is failed": {claims: release, answer: errors.New("no connection"), patches: []string{releases}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			var patches []string
			claimer := Claimer[*corev1.Pod]{
				Kind: kind, Owner: "replica set", Object: "pod",
				Read: func(context.Context, string, string) (metav1.Object, error) {
					if tc.fresh == nil {
						return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "replicasets"}, "set")
					}
					return tc.fresh, nil
				},
				Patch: func(_ context.Context, object *corev1.Pod, patch []byte) (*corev1.Pod, error) {
					patches = append(patches, string(patch))
					return object, tc.answer
				},
			}
			owned, err := claimer.Claim(t.Context(), &there, tc.claims)
			if (err != nil) != tc.fails {
				t.Errorf("error %v, want one: %t", err, tc.fails)
			}
			if len(owned) != tc.owned {
				t.Errorf("%d owned, want %d", len(owned), tc.owned)
			}
			if diff := cmp.Diff(tc.patches, patches); diff != "" {
				t.Errorf("patches (-want +got):\n%s", diff)
			}
		})
	}
}
