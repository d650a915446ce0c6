package deployment

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestCounts(t *testing.T) {
	d := web(3, rolling("1", "1"))
	sets := []*appsv1.ReplicaSet{
		set(1, 2, availableOnly(1), func(s *appsv1.ReplicaSet) { s.Status.TerminatingReplicas = ptr.To[int32](2) }),
		set(2, 2, func(s *appsv1.ReplicaSet) { s.Status.AvailableReplicas = 1 }),
	}
	r := newRollout(d, sets, nil, now)
	want := appsv1.DeploymentStatus{
		ObservedGeneration: 2, Replicas: 4, UpdatedReplicas: 2, ReadyReplicas: 3, AvailableReplicas: 2, UnavailableReplicas: 2, TerminatingReplicas: ptr.To[int32](2),
		Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable",
			Message: "Deployment has minimum availability.", LastUpdateTime: r.timestamp(), LastTransitionTime: r.timestamp()}},
	}
	if diff := cmp.Diff(want, r.counted()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	sets[0].Status.TerminatingReplicas = nil
	if got := newRollout(d, sets, nil, now).counted().TerminatingReplicas; got != nil {
		t.Errorf("one set does not tell what leaves, and the Deployment says %d", *got)
	}
}

// progressing is a Deployment with a deadline of a minute whose last step was that long ago.
func progressing(reason string, ago time.Duration) a {
	return func(d *appsv1.Deployment) {
		d.Spec.ProgressDeadlineSeconds = ptr.To[int32](60)
		is, at := corev1.ConditionTrue, metav1.Time{Time: now.Add(-ago)}
		switch reason {
		case progressDeadlineExceeded:
			is = corev1.ConditionFalse
		case deploymentPaused, deploymentResumed:
			is = corev1.ConditionUnknown
		}
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: is, Reason: reason, LastUpdateTime: at, LastTransitionTime: at}}
	}
}

func had(status appsv1.DeploymentStatus) a {
	return func(d *appsv1.Deployment) {
		status.Conditions = d.Status.Conditions
		d.Status = status
	}
}

func TestProgress(t *testing.T) {
	stuck := []*appsv1.ReplicaSet{set(1, 3), set(2, 1, availableOnly(0))}
	as := appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 4, UpdatedReplicas: 1, ReadyReplicas: 3, AvailableReplicas: 3, UnavailableReplicas: 1, TerminatingReplicas: ptr.To[int32](0)}
	before := appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3}
	complete := []*appsv1.ReplicaSet{set(1, 0), set(2, 3)}
	noDeadline := func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = ptr.To[int32](unlimited) }
	type says struct {
		Status          corev1.ConditionStatus
		Reason, Message string
		Updated, Turned time.Duration // ago
	}
	for name, tc := range map[string]struct {
		deployment *appsv1.Deployment
		sets       []*appsv1.ReplicaSet
		want       says
	}{
		"a set is made":           {web(3, progressing(newReplicaSetAvailable, time.Hour), had(before)), []*appsv1.ReplicaSet{set(1, 3)}, says{"True", newReplicaSetCreated, "", 0, time.Hour}},
		"a set is found":          {web(3, progressing("", 0), func(d *appsv1.Deployment) { d.Status = as }), stuck, says{"True", foundNewReplicaSet, `Found new replica set "web-2"`, 0, 0}},
		"a step":                  {web(3, progressing(newReplicaSetCreated, 59*time.Second)), stuck, says{"True", replicaSetUpdated, `ReplicaSet "web-2" is progressing.`, 0, 59 * time.Second}},
		"a step like the last":    {web(3, progressing(replicaSetUpdated, 59*time.Second)), stuck, says{"True", replicaSetUpdated, `ReplicaSet "web-2" is progressing.`, 0, 59 * time.Second}},
		"no step, in time":        {web(3, progressing(replicaSetUpdated, time.Minute), had(as)), stuck, says{"True", replicaSetUpdated, "", time.Minute, time.Minute}},
		"no step for too long":    {web(3, progressing(replicaSetUpdated, 61*time.Second), had(as)), stuck, says{"False", progressDeadlineExceeded, `ReplicaSet "web-2" has timed out progressing.`, 0, 0}},
		"late, and stays so":      {web(3, progressing(progressDeadlineExceeded, time.Hour), had(as)), stuck, says{"False", progressDeadlineExceeded, "", time.Hour, time.Hour}},
		"late, but a step":        {web(3, progressing(progressDeadlineExceeded, time.Hour)), stuck, says{"True", replicaSetUpdated, `ReplicaSet "web-2" is progressing.`, 0, 0}},
		"the end":                 {web(3, progressing(replicaSetUpdated, time.Second)), complete, says{"True", newReplicaSetAvailable, `ReplicaSet "web-2" has successfully progressed.`, 0, time.Second}},
		"after the end":           {web(3, progressing(newReplicaSetAvailable, time.Hour)), []*appsv1.ReplicaSet{set(2, 3, availableOnly(0))}, says{"True", newReplicaSetAvailable, "", time.Hour, time.Hour}},
		"paused":                  {web(3, paused, progressing(replicaSetUpdated, time.Hour), had(as)), stuck, says{"Unknown", deploymentPaused, "Deployment is paused", 0, 0}},
		"paused when late":        {web(3, paused, progressing(progressDeadlineExceeded, time.Hour), had(as)), stuck, says{"False", progressDeadlineExceeded, "", time.Hour, time.Hour}},
		"resumed":                 {web(3, progressing(deploymentPaused, time.Hour), had(as)), stuck, says{"Unknown", deploymentResumed, "Deployment is resumed", 0, time.Hour}},
		"nobody wants to know":    {web(3, progressing(replicaSetUpdated, time.Hour), noDeadline), stuck, says{}},
		"scaled: nothing is said": {web(5, progressing(replicaSetUpdated, time.Hour), had(as)), stuck, says{"True", replicaSetUpdated, "", time.Hour, time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			d := tc.deployment
			if p := decide(d, tc.sets, nil, now); p.told != nil {
				d = p.told
			}
			var got says
			if c := condition(&d.Status, appsv1.DeploymentProgressing); c != nil {
				got = says{c.Status, c.Reason, c.Message, now.Sub(c.LastUpdateTime.Time), now.Sub(c.LastTransitionTime.Time)}
				if tc.want.Message == "" {
					got.Message = ""
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Progressing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSettled: what was told is not told again, and a rollout that stands still is looked at when its time is up.
func TestSettled(t *testing.T) {
	settle := func(d *appsv1.Deployment, sets ...*appsv1.ReplicaSet) plan {
		for range 3 {
			if p := decide(d, sets, nil, now); p.told != nil {
				d = p.told
			}
		}
		return decide(d, sets, nil, now)
	}
	done := settle(web(3, progressing(replicaSetUpdated, time.Second)), set(1, 0), set(2, 3))
	if len(steps(done)) > 0 || done.told != nil || done.again != 0 {
		t.Errorf("a rollout that has ended still plans %+v", done)
	}
	stuck := settle(web(3, progressing(replicaSetUpdated, time.Hour)), set(1, 3), set(2, 1, availableOnly(0)))
	if len(steps(stuck)) > 0 || stuck.told != nil || stuck.again < time.Minute || stuck.again > time.Minute+time.Second {
		t.Errorf("a rollout that stands still plans %+v; want a look in a minute", stuck)
	}
}

func TestFailures(t *testing.T) {
	failing := func(message string) of {
		return func(s *appsv1.ReplicaSet) {
			s.Status.Conditions = []appsv1.ReplicaSetCondition{{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: message}}
		}
	}
	message := func(sets ...*appsv1.ReplicaSet) string {
		d := decide(web(3), sets, nil, now).told
		if c := condition(&d.Status, appsv1.DeploymentReplicaFailure); c != nil {
			return c.Reason + " " + c.Message
		}
		return ""
	}
	for want, got := range map[string]string{
		"":                   message(set(1, 0), set(2, 3)),
		"FailedCreate quota": message(set(1, 1, failing("old")), set(2, 3, failing("quota"))),
		"FailedCreate old":   message(set(1, 1, failing("old")), set(2, 3)),
	} {
		if want != got {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	d := refused(web(3, progressing(replicaSetUpdated, time.Hour)), "web-x", errors.New("no"), now)
	c := condition(&d.Status, appsv1.DeploymentProgressing)
	if c.Status != corev1.ConditionFalse || c.Reason != "ReplicaSetCreateError" || c.Message != `Failed to create new replica set "web-x": no` {
		t.Errorf("a set that was refused: %+v", c)
	}
}
