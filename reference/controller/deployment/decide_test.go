package deployment

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// a changes a Deployment in one respect, and of changes a ReplicaSet, so that cases read as sentences.
type (
	a  func(*appsv1.Deployment)
	of func(*appsv1.ReplicaSet)
)

// web is a Deployment of that many replicas of image:2, a rolling update of one more and none less.
func web(replicas int32, changes ...a) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default", UID: "web", Generation: 2},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: template("image:2"),
		},
	}
	rolling("1", "0")(d)
	for _, change := range changes {
		change(d)
	}
	return d
}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

func rolling(surge, unavailable string) a {
	return func(d *appsv1.Deployment) {
		d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: ptr.To(intstr.Parse(surge)), MaxUnavailable: ptr.To(intstr.Parse(unavailable)),
		}}
	}
}

func recreated(d *appsv1.Deployment) {
	d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
}
func paused(d *appsv1.Deployment)  { d.Spec.Paused = true }
func leaving(d *appsv1.Deployment) { d.DeletionTimestamp = &metav1.Time{Time: now} }
func remembering(n int32) a {
	return func(d *appsv1.Deployment) { d.Spec.RevisionHistoryLimit = &n }
}
func done(d *appsv1.Deployment) {
	n := *d.Spec.Replicas
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, AvailableReplicas: n}
}
func annotated(key, value string) a {
	return func(d *appsv1.Deployment) { d.Annotations = map[string]string{key: value} }
}

// set is a ReplicaSet of image:REVISION that asks for that many replicas, has them all available, and was made for a Deployment of three.
func set(revision, replicas int32, changes ...of) *appsv1.ReplicaSet {
	name := fmt.Sprintf("web-%d", revision)
	s := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(name), Generation: 1,
			CreationTimestamp: metav1.Time{Time: now.Add(time.Duration(revision-100) * time.Minute)},
			Annotations:       map[string]string{revisionAnnotation: fmt.Sprint(revision), desiredAnnotation: "3", maxAnnotation: "4"}},
		Spec:   appsv1.ReplicaSetSpec{Replicas: &replicas, Template: template(fmt.Sprintf("image:%d", revision))},
		Status: appsv1.ReplicaSetStatus{ObservedGeneration: 1, TerminatingReplicas: ptr.To[int32](0)},
	}
	s.Spec.Template.Labels[hashLabel] = fmt.Sprint(revision)
	having(replicas)(s)
	for _, change := range changes {
		change(s)
	}
	return s
}

// having is how many Pods there are, all of them available.
func having(n int32) of {
	return func(s *appsv1.ReplicaSet) {
		s.Status.Replicas, s.Status.ReadyReplicas, s.Status.AvailableReplicas = n, n, n
	}
}
func availableOnly(n int32) of {
	return func(s *appsv1.ReplicaSet) { s.Status.ReadyReplicas, s.Status.AvailableReplicas = n, n }
}
func madeFor(desired, most string) of {
	return func(s *appsv1.ReplicaSet) {
		s.Annotations[desiredAnnotation], s.Annotations[maxAnnotation] = desired, most
	}
}

// steps are what a plan does to ReplicaSets, in words.
func steps(p plan) []string {
	var words []string
	if p.create != nil {
		words = append(words, fmt.Sprintf("create %d", *p.create.Spec.Replicas))
	}
	for _, u := range p.update {
		if *u.set.Spec.Replicas != u.from {
			words = append(words, fmt.Sprintf("%s: %d to %d", u.set.Name, u.from, *u.set.Spec.Replicas))
		}
	}
	for _, s := range p.remove {
		words = append(words, "remove "+s.Name)
	}
	return words
}

func TestHowRolloutGoesOn(t *testing.T) {
	for name, tc := range map[string]struct {
		deployment *appsv1.Deployment
		sets       []*appsv1.ReplicaSet
		busy       map[types.UID]bool
		want       []string
	}{
		"the first set gets all":              {web(3), nil, nil, []string{"create 3"}},
		"none wanted: an empty set":           {web(0), nil, nil, []string{"create 0"}},
		"a new template gets the surge":       {web(3), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"create 1"}},
		"without a surge the old goes first":  {web(3, rolling("0", "1")), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"create 0", "web-1: 3 to 2"}},
		"both at once":                        {web(3, rolling("1", "1")), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"create 1", "web-1: 3 to 2"}},
		"a new one not available: wait":       {web(3), []*appsv1.ReplicaSet{set(1, 3), set(2, 1, availableOnly(0))}, nil, nil},
		"a new one available: an old one":     {web(3), []*appsv1.ReplicaSet{set(1, 3), set(2, 1)}, nil, []string{"web-1: 3 to 2"}},
		"room: up before down":                {web(3), []*appsv1.ReplicaSet{set(1, 2), set(2, 1)}, nil, []string{"web-2: 1 to 2"}},
		"the last old one":                    {web(3), []*appsv1.ReplicaSet{set(1, 1), set(2, 3)}, nil, []string{"web-1: 1 to 0"}},
		"all new: nothing to do":              {web(3), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, nil},
		"somebody made the new one larger":    {web(3), []*appsv1.ReplicaSet{set(2, 5)}, nil, []string{"web-2: 5 to 3"}},
		"sick old ones go first":              {web(3), []*appsv1.ReplicaSet{set(1, 3, availableOnly(2)), set(2, 1)}, nil, []string{"web-1: 3 to 2"}},
		"what goes just now is not available": {web(3), []*appsv1.ReplicaSet{set(1, 3, having(4)), set(2, 1)}, nil, []string{"web-1: 3 to 2"}},
		"of several old ones the oldest":      {web(3, func(d *appsv1.Deployment) { d.Spec.Template = template("image:3") }), []*appsv1.ReplicaSet{set(2, 2), set(1, 1), set(3, 1)}, nil, []string{"web-1: 1 to 0"}},
		"a quarter up, a quarter down, of 10": {web(10, rolling("25%", "25%")), []*appsv1.ReplicaSet{set(1, 10, madeFor("10", "13"))}, nil, []string{"create 3", "web-1: 10 to 8"}},
		"a quarter of one is one more":        {web(1, rolling("25%", "25%")), []*appsv1.ReplicaSet{set(1, 1, madeFor("1", "2"))}, nil, []string{"create 1"}},
		"percentages of which nothing is left take one": {
			web(2, rolling("0%", "25%")), []*appsv1.ReplicaSet{set(1, 2, madeFor("2", "2"))}, nil, []string{"create 0", "web-1: 2 to 1"}},
		"going back to a template uses its set": {
			web(3, func(d *appsv1.Deployment) { d.Spec.Template = template("image:1") }), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, []string{"web-1: 0 to 1"}},

		"recreate: the old ends first":                {web(3, recreated), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"web-1: 3 to 0"}},
		"recreate: its Pods are counted":              {web(3, recreated), []*appsv1.ReplicaSet{set(1, 0, having(2))}, nil, nil},
		"recreate: its Pods are on their way out":     {web(3, recreated), []*appsv1.ReplicaSet{set(1, 0)}, map[types.UID]bool{"web-1": true}, nil},
		"recreate: nothing old runs":                  {web(3, recreated), []*appsv1.ReplicaSet{set(1, 0)}, nil, []string{"create 3"}},
		"recreate: the new one's own are no obstacle": {web(3, recreated), []*appsv1.ReplicaSet{set(1, 0), set(2, 2)}, map[types.UID]bool{"web-2": true}, []string{"web-2: 2 to 3"}},

		"paused: no new template":                {web(3, paused), []*appsv1.ReplicaSet{set(1, 3)}, nil, nil},
		"paused: a new size is followed":         {web(5, paused), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"web-1: 3 to 5"}},
		"on its way out: nothing":                {web(5, leaving), []*appsv1.ReplicaSet{set(1, 3)}, nil, nil},
		"scaled while all is settled":            {web(5), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, []string{"web-2: 3 to 5"}},
		"scaled when the template changed too":   {web(5), []*appsv1.ReplicaSet{set(1, 3)}, nil, []string{"web-1: 3 to 5"}},
		"scaled to nothing during a rollout":     {web(0), []*appsv1.ReplicaSet{set(1, 2), set(2, 2)}, nil, []string{"web-1: 2 to 0", "web-2: 2 to 0"}},
		"scaled up during a rollout: in shares":  {web(6, rolling("2", "0")), []*appsv1.ReplicaSet{set(1, 3), set(2, 1)}, nil, []string{"web-1: 3 to 6", "web-2: 1 to 2"}},
		"scaled down during a rollout: likewise": {web(5), []*appsv1.ReplicaSet{set(1, 8, madeFor("10", "12")), set(2, 4, madeFor("10", "12"))}, nil, []string{"web-1: 8 to 4", "web-2: 4 to 2"}},
		"what rounding leaves goes to the largest": {
			web(11), []*appsv1.ReplicaSet{set(1, 2, madeFor("10", "10")), set(2, 2, madeFor("10", "10"))}, nil, []string{"web-2: 2 to 10"}},

		"more history than wanted": {
			web(3, remembering(1), done, func(d *appsv1.Deployment) { d.Spec.Template = template("image:4") }), []*appsv1.ReplicaSet{set(3, 0), set(1, 0), set(2, 0), set(4, 3)}, nil, []string{"remove web-1", "remove web-2"}},
		"no history":                       {web(3, remembering(0), done), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, []string{"remove web-1"}},
		"history is kept during a rollout": {web(3, remembering(0)), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, nil},
		"history that still runs is kept":  {web(3, remembering(0), done), []*appsv1.ReplicaSet{set(1, 0, having(1)), set(2, 3)}, nil, nil},
		"history goes while paused":        {web(3, remembering(0), paused), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, []string{"remove web-1"}},
		"history to go back to is kept": {
			web(3, remembering(0), paused, annotated(appsv1.DeprecatedRollbackTo, "1")), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, nil},
		"history without a limit":             {web(3, remembering(unlimited), done), []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}, nil, nil},
		"a set that changes just now is kept": {web(3, remembering(0), done), []*appsv1.ReplicaSet{set(1, 0, func(s *appsv1.ReplicaSet) { s.Generation = 2 }), set(2, 3)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, steps(decide(tc.deployment, tc.sets, tc.busy, now))); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRolloutEnds plays the ReplicaSets' part until nothing more is to be done, and watches the bounds.
func TestRolloutEnds(t *testing.T) {
	for _, tc := range []struct {
		replicas, most, least int32
		surge, unavailable    string
	}{
		{10, 13, 8, "25%", "25%"}, {3, 4, 3, "1", "0"}, {3, 3, 2, "0", "1"}, {4, 8, 0, "100%", "100%"}, {1, 2, 1, "25%", "25%"}, {2, 2, 1, "0%", "1%"},
	} {
		t.Run(fmt.Sprintf("%d with %s and %s", tc.replicas, tc.surge, tc.unavailable), func(t *testing.T) {
			d := web(tc.replicas, rolling(tc.surge, tc.unavailable))
			sets := []*appsv1.ReplicaSet{set(1, tc.replicas, madeFor(fmt.Sprint(tc.replicas), fmt.Sprint(tc.most)))}
			for range 50 {
				p := decide(d, sets, nil, now)
				if p.create != nil {
					p.create.UID, p.create.CreationTimestamp = "new", metav1.Time{Time: now}
					sets = append(sets, p.create)
				}
				for i, s := range sets {
					for _, u := range p.update {
						if u.set.UID == s.UID {
							sets[i] = u.set
						}
					}
					// What goes, goes at once; what comes is available by the next sync.
					having(min(s.Status.Replicas, *sets[i].Spec.Replicas))(sets[i])
				}
				if n := total(sets); n > tc.most {
					t.Fatalf("%d replicas, at most %d are allowed", n, tc.most)
				}
				if n := available(sets); n < tc.least {
					t.Fatalf("%d available, at least %d are needed", n, tc.least)
				}
				for _, s := range sets {
					having(*s.Spec.Replicas)(s)
				}
				if p.told == nil {
					break
				}
				d = p.told
			}
			if diff := cmp.Diff(tc.replicas, d.Status.UpdatedReplicas); diff != "" || d.Status.Replicas != tc.replicas {
				t.Errorf("it ended with %+v", d.Status)
			}
		})
	}
}
