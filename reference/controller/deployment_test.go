package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (c *cluster) createDeployment(t *testing.T, namespace string, replicas int32, change func(*appsv1.Deployment)) {
	t.Helper()
	labels := map[string]string{"app": "web"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{"kubernetes.io/change-cause": "first"}},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}},
	}
	if change != nil {
		change(d)
	}
	if _, err := c.client.AppsV1().Deployments(namespace).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) patchDeployment(t *testing.T, namespace, patch string) {
	t.Helper()
	if _, err := c.client.AppsV1().Deployments(namespace).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) image(t *testing.T, namespace, image string) {
	t.Helper()
	c.patchDeployment(t, namespace, fmt.Sprintf(`{"metadata":{"annotations":{"kubernetes.io/change-cause":"to %[1]s"}},
		"spec":{"template":{"spec":{"containers":[{"name":"main","image":%[1]q}]}}}}`, image))
}

// sets are the Deployment's ReplicaSets by their images.
func (c *cluster) sets(t *testing.T, namespace string) map[string]appsv1.ReplicaSet {
	t.Helper()
	list, err := c.client.AppsV1().ReplicaSets(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]appsv1.ReplicaSet{}
	for _, set := range list.Items {
		sets[set.Spec.Template.Spec.Containers[0].Image] = set
	}
	return sets
}

// rolledOut waits until kubectl rollout status would be content, and everything is of the image and the revision.
func (c *cluster) rolledOut(t *testing.T, namespace, image, revision string, replicas int32) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d replicas of %s as revision %s", replicas, image, revision), func() (string, bool) {
		d, err := c.client.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s := d.Status
		reason := ""
		for _, condition := range s.Conditions {
			if condition.Type == appsv1.DeploymentProgressing {
				reason = condition.Reason
			}
		}
		set := c.sets(t, namespace)[image]
		pods := c.pods(t, namespace, "pod-template-hash="+set.Labels["pod-template-hash"])
		return fmt.Sprintf("%+v, revision %s, %d Pods", s, d.Annotations["deployment.kubernetes.io/revision"], len(pods)),
			s.ObservedGeneration == d.Generation && s.Replicas == replicas && s.UpdatedReplicas == replicas && s.AvailableReplicas == replicas &&
				s.ReadyReplicas == replicas && s.UnavailableReplicas == 0 && s.TerminatingReplicas != nil && *s.TerminatingReplicas == 0 &&
				reason == "NewReplicaSetAvailable" && d.Annotations["deployment.kubernetes.io/revision"] == revision &&
				set.Annotations["deployment.kubernetes.io/revision"] == revision && int32(len(pods)) == replicas
	})
}

func testRollout(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createDeployment(t, ns, 3, nil)
	c.rolledOut(t, ns, "example.com/none", "1", 3)
	c.image(t, ns, "example.com/second")
	c.rolledOut(t, ns, "example.com/second", "2", 3)
	if _, err := c.client.AppsV1().Deployments(ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":5}}`), metav1.PatchOptions{}, "scale"); err != nil {
		t.Fatal(err)
	}
	c.rolledOut(t, ns, "example.com/second", "2", 5)
	c.image(t, ns, "example.com/none") // what kubectl rollout undo does
	c.rolledOut(t, ns, "example.com/none", "3", 5)
	sets := c.sets(t, ns)
	first, second := sets["example.com/none"], sets["example.com/second"]
	if got := first.Annotations; got["deployment.kubernetes.io/revision-history"] != "1" || got["kubernetes.io/change-cause"] != "to example.com/none" || *second.Spec.Replicas != 0 {
		t.Errorf("after going back the set has %v, and the other one %d replicas", got, *second.Spec.Replicas)
	}
	c.patchDeployment(t, ns, `{"spec":{"revisionHistoryLimit":0}}`)
	eventually(t, "old sets are removed", func() (string, bool) { n := len(c.sets(t, ns)); return fmt.Sprint(n), n == 1 })

	events, err := c.client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, event := range events.Items {
		if event.InvolvedObject.Kind == "Deployment" {
			told = append(told, event.Reason+" "+event.Message)
		}
	}
	for _, want := range []string{
		"ScalingReplicaSet Scaled up replica set " + first.Name + " from 0 to 3",
		"ScalingReplicaSet Scaled up replica set " + second.Name + " from 0 to 1",
		"ScalingReplicaSet Scaled down replica set " + first.Name + " from 3 to 2",
		"ScalingReplicaSet Scaled up replica set " + second.Name + " from 3 to 5",
	} {
		if !slices.Contains(told, want) {
			t.Errorf("no event says %q, only\n%s", want, strings.Join(told, "\n"))
		}
	}
}

func testRecreate(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createDeployment(t, ns, 2, func(d *appsv1.Deployment) {
		d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
		d.Spec.Template.Annotations = map[string]string{"test/lingers": "yes"}
	})
	c.rolledOut(t, ns, "example.com/none", "1", 2)
	c.image(t, ns, "example.com/second")
	eventually(t, "the old Pods are on their way out", func() (string, bool) {
		set := c.sets(t, ns)["example.com/none"]
		return fmt.Sprintf("%+v", set.Status), set.Status.Replicas == 0 && set.Status.TerminatingReplicas != nil && *set.Status.TerminatingReplicas == 2
	})
	old := c.pods(t, ns, "app=web")
	if sets := c.sets(t, ns); len(sets) != 1 || len(old) != 2 {
		t.Errorf("while old Pods are there, there are %d sets and %d Pods", len(sets), len(old))
	}
	for _, pod := range old {
		if err := c.client.CoreV1().Pods(ns).Delete(t.Context(), pod.Name, *metav1.NewDeleteOptions(0)); err != nil {
			t.Fatal(err)
		}
	}
	c.rolledOut(t, ns, "example.com/second", "2", 2)
}

func testPauseAndDeadline(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createDeployment(t, ns, 2, func(d *appsv1.Deployment) { d.Spec.Paused = true })
	progressing := func(want string) {
		t.Helper()
		eventually(t, want, func() (string, bool) {
			d, err := c.client.AppsV1().Deployments(ns).Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%+v", d.Status), slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Reason == want })
		})
	}
	progressing("DeploymentPaused")
	if n := len(c.sets(t, ns)); n != 0 {
		t.Errorf("paused from the beginning, and there are %d sets", n)
	}
	c.patchDeployment(t, ns, `{"spec":{"paused":false}}`)
	c.rolledOut(t, ns, "example.com/none", "1", 2)
	// Pods that never get ready.
	c.patchDeployment(t, ns, `{"spec":{"progressDeadlineSeconds":1,"template":{"metadata":{"annotations":{"test/silent":"yes"}}}}}`)
	progressing("ProgressDeadlineExceeded")
	if ready := c.sets(t, ns)["example.com/none"]; ready.Status.ReadyReplicas > 2 {
		t.Errorf("%d ready", ready.Status.ReadyReplicas)
	}
}

// testDeploymentOwnership: sets are adopted and released by their labels, made again when they are deleted, and go with their Deployment.
func testDeploymentOwnership(t *testing.T, c *cluster) {
	ns := c.namespace(t)
	c.createSet(t, ns, "web", 2) // its labels are those of its Pods only
	if _, err := c.client.AppsV1().ReplicaSets(ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"web"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	c.createDeployment(t, ns, 2, nil)
	c.rolledOutAs(t, ns, "web")
	if n := len(c.pods(t, ns, "app=web")); n != 2 {
		t.Errorf("%d Pods after adoption, want 2", n)
	}
	if _, err := c.client.AppsV1().ReplicaSets(ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"mine"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the set is released, and another made", func() (string, bool) {
		list, err := c.client.AppsV1().ReplicaSets(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		owned, free := 0, 0
		for _, set := range list.Items {
			if metav1.GetControllerOf(&set) != nil {
				owned++
			} else {
				free++
			}
		}
		return fmt.Sprint(owned, free), owned == 1 && free == 1
	})
	propagation := metav1.DeletePropagationForeground
	if err := c.client.AppsV1().Deployments(ns).Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &propagation}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Deployment and its set are gone, the released one stays", func() (string, bool) {
		_, err := c.client.AppsV1().Deployments(ns).Get(t.Context(), "web", metav1.GetOptions{})
		list, listErr := c.client.AppsV1().ReplicaSets(ns).List(t.Context(), metav1.ListOptions{})
		if listErr != nil {
			t.Fatal(listErr)
		}
		return fmt.Sprint(err, len(list.Items)), apierrors.IsNotFound(err) && len(list.Items) == 1 && list.Items[0].Name == "web"
	})
}

// rolledOutAs waits until the Deployment has taken the set of that name for its own.
func (c *cluster) rolledOutAs(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, "the set is adopted", func() (string, bool) {
		d, err := c.client.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		set := c.set(t, namespace, name)
		return fmt.Sprintf("%v %+v", set.OwnerReferences, d.Status), metav1.IsControlledBy(set, d) && d.Status.UpdatedReplicas == 2 && d.Status.AvailableReplicas == 2
	})
}
