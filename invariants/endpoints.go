package invariants

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// managedByController is how the slices are labelled that a cluster makes from a selector. Slices that somebody wrote, or
// that mirror Endpoints somebody wrote, say what that somebody wants.
const managedByController = "endpointslice-controller.k8s.io"

// serviceOf is the name of the Service whose selector a slice follows, or nothing.
func serviceOf(slice *discoveryv1.EndpointSlice) string {
	if slice.Labels[discoveryv1.LabelManagedBy] != managedByController || slice.DeletionTimestamp != nil {
		return ""
	}
	return slice.Labels[discoveryv1.LabelServiceName]
}

// wantsReady says whether only ready Pods may be ready endpoints of a Service.
func wantsReady(s *corev1.Service) bool {
	return s != nil && len(s.Spec.Selector) > 0 && !s.Spec.PublishNotReadyAddresses && s.DeletionTimestamp == nil
}

// readyPods are the Pods that a slice has as ready endpoints. A condition that is not set counts as ready.
func readyPods(slice *discoveryv1.EndpointSlice) map[types.UID]string {
	ready := map[types.UID]string{}
	for _, endpoint := range slice.Endpoints {
		if target := endpoint.TargetRef; target != nil && target.Kind == kindPod && target.UID != "" && (endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready) {
			ready[target.UID] = target.Name
		}
	}
	return ready
}

// readiness is a Pod's condition Ready; the zero condition where it has none.
func readiness(pod *corev1.Pod) corev1.PodCondition {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition
		}
	}
	return corev1.PodCondition{}
}

func tellReadiness(pod *corev1.Pod) string {
	c := readiness(pod)
	return fmt.Sprintf("condition Ready %q since %s", c.Status, c.LastTransitionTime.UTC().Format("15:04:05"))
}

// judgeEndpoints looks at all slices of a namespace again, and keeps since when each of their ready endpoints has led to
// a Pod that is not ready, or that nobody sees.
func (j *Judge) judgeEndpoints(namespace string, at time.Time) {
	services := map[string]*corev1.Service{}
	for uid := range j.names[namespace] {
		if service, ok := j.objects[uid].Object.(*corev1.Service); ok {
			services[service.Name] = service
		}
	}
	late := map[Suspicion]bool{}
	for uid := range j.names[namespace] {
		slice, ok := j.objects[uid].Object.(*discoveryv1.EndpointSlice)
		if !ok || !wantsReady(services[serviceOf(slice)]) {
			continue
		}
		for pod := range readyPods(slice) {
			if seen := j.objects[pod]; seen != nil {
				if p, ok := seen.Object.(*corev1.Pod); ok && readiness(p).Status == corev1.ConditionTrue {
					continue
				}
			}
			late[Suspicion{Invariant: UnreadyIsNoEndpoint, Namespace: namespace, first: uid, second: pod}] = true
		}
	}
	for s := range j.suspected {
		if s.Invariant == UnreadyIsNoEndpoint && s.Namespace == namespace && !late[s] {
			delete(j.suspected, s)
		}
	}
	for s := range late {
		j.suspect(s, at)
	}
}

// ConfirmUnready judges a suspicion about an endpoint by reads that were made one after the other, after the bound had
// passed: the Pod, the Service and the slice; nil for what is not there. The watches may be late, and the suite may be
// slow: what counts is that the Pod is as it was seen when the bound began, and that the slice still calls it ready.
func (j *Judge) ConfirmUnready(s Suspicion, since time.Time, pod, service, slice *Sight) []Breach {
	if service == nil || slice == nil {
		return nil
	}
	sl, ok := slice.Object.(*discoveryv1.EndpointSlice)
	sv, ok2 := service.Object.(*corev1.Service)
	if !ok || !ok2 || sl.UID != s.first || serviceOf(sl) != sv.Name || !wantsReady(sv) {
		return nil
	}
	name, ready := readyPods(sl)[s.second]
	if !ready {
		return nil
	}
	before := Seen{At: since, Object: fmt.Sprintf("Pod %s/%s", sl.Namespace, name), What: "it is gone"}
	if pod != nil && pod.Object.GetUID() == s.second {
		p, ok := pod.Object.(*corev1.Pod)
		seen := j.objects[s.second]
		if !ok || seen == nil || readiness(p).Status == corev1.ConditionTrue {
			return nil
		}
		was, ok := seen.Object.(*corev1.Pod)
		if !ok || !readiness(was).LastTransitionTime.Time.Equal(readiness(p).LastTransitionTime.Time) {
			return nil // it has been ready meanwhile, which the watch has yet to tell
		}
		before = seen.seen(tellReadiness(p))
		before.At = since
	}
	if !j.first(UnreadyIsNoEndpoint, string(s.first)+string(s.second), s.first) {
		return nil
	}
	return []Breach{{
		Invariant: UnreadyIsNoEndpoint, Namespace: sl.Namespace, Objects: []string{before.Object, nameOf(sl)},
		Why:    fmt.Sprintf("%s is not ready, and has been a ready endpoint of Service %s for %s since", before.Object, sv.Name, slice.At.Sub(since).Round(100*time.Millisecond)),
		Before: before, After: slice.seen("ready endpoint: Pod " + name),
	}}
}

// podIn is the name of a ready endpoint's Pod in a slice.
func podIn(slice Object, pod types.UID) string {
	if s, ok := slice.(*discoveryv1.EndpointSlice); ok {
		return readyPods(s)[pod]
	}
	return ""
}
