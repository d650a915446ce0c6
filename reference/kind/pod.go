package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Pod is a group of containers that share a network identity and volumes.
var Pod = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Pod",
	Resource:     "pods",
	Singular:     "pod",
	ShortNames:   []string{"po"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Pod{} },
	NewList:      func() runtime.Object { return &corev1.PodList{} },

	Default:       func(obj runtime.Object) { defaultPod(obj.(*corev1.Pod)) },
	PrepareCreate: func(obj runtime.Object) { preparePodCreate(obj.(*corev1.Pod)) },
	PrepareUpdate: func(obj, old runtime.Object) { preparePodUpdate(obj.(*corev1.Pod), old.(*corev1.Pod)) },
	Validate:      func(obj runtime.Object) field.ErrorList { return validatePodCreate(obj.(*corev1.Pod)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validatePodUpdate(obj.(*corev1.Pod), old.(*corev1.Pod))
	},
	Warn:       warnPod,
	WarnMended: func(obj runtime.Object) []string { return warnAppArmor(obj.(*corev1.Pod)) },
	Status: &Status{
		Keeps:         []string{"deletionTimestamp", "ownerReferences"},
		PrepareUpdate: func(obj, old runtime.Object) { preparePodStatus(obj.(*corev1.Pod), old.(*corev1.Pod)) },
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validatePodStatusUpdate(obj.(*corev1.Pod), old.(*corev1.Pod))
		},
	},
	Fields:                   podFieldSet,
	Columns:                  podColumns,
	Row:                      func(obj runtime.Object) []any { return podRow(obj.(*corev1.Pod)) },
	AllowUnconditionalUpdate: true,
	GracefulDelete:           gracefulPodDelete,
}

// preparePodCreate makes a new Pod Pending and writes down what follows from its spec, as upstream's
// pkg/registry/core/pod/strategy.go does.
func preparePodCreate(pod *corev1.Pod) {
	pod.Generation = 1
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending}
	dropGatedFields(&pod.Spec, nil)
	dropInitAnnotations(pod.Annotations)
	if len(pod.Spec.SchedulingGates) > 0 {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated,
			Message:            "Scheduling is blocked due to non-empty scheduling gates",
			LastTransitionTime: metav1.Now(),
		})
	}
	mergeLabelKeys(pod)
	syncAppArmor(pod)
	defaultPodResources(pod)
	pod.Status.QOSClass = QOSClass(pod)
}

// preparePodUpdate keeps the status, and counts changes of the spec.
func preparePodUpdate(pod, old *corev1.Pod) {
	pod.Status = old.Status
	if pod.Spec.Resources == nil && old.Spec.Resources != nil {
		// A client that does not know the field has lost it.
		pod.Spec.Resources = old.Spec.Resources.DeepCopy()
	}
	dropGatedFields(&pod.Spec, &old.Spec)
	dropInitAnnotations(pod.Annotations)
	pod.Generation = old.Generation
	if !equality.Semantic.DeepEqual(pod.Spec, old.Spec) {
		pod.Generation++
	}
}

// gracefulPodDelete settles how many seconds a Pod has left, and lets it stay that long: what the request says, else
// what the Pod says. A Pod that no node has, or that has ended, has no time; a negative number counts as one second.
// Upstream: CheckGracefulDelete in pkg/registry/core/pod/strategy.go.
func gracefulPodDelete(obj runtime.Object, opts *metav1.DeleteOptions) bool {
	if opts == nil {
		return false
	}
	pod := obj.(*corev1.Pod)
	var period int64
	switch {
	case opts.GracePeriodSeconds != nil:
		period = *opts.GracePeriodSeconds
	case pod.Spec.TerminationGracePeriodSeconds != nil:
		period = *pod.Spec.TerminationGracePeriodSeconds
	}
	if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		period = 0
	}
	if period < 0 {
		period = 1
	}
	opts.GracePeriodSeconds = &period
	return true
}

// podFieldSet returns what Pods can be selected by.
func podFieldSet(obj runtime.Object) fields.Set {
	pod := obj.(*corev1.Pod)
	ip := pod.Status.PodIP
	if len(pod.Status.PodIPs) > 0 {
		ip = pod.Status.PodIPs[0].IP
	}
	return fields.Set{
		"spec.nodeName":            pod.Spec.NodeName,
		"spec.restartPolicy":       string(pod.Spec.RestartPolicy),
		"spec.schedulerName":       pod.Spec.SchedulerName,
		"spec.serviceAccountName":  pod.Spec.ServiceAccountName,
		"spec.hostNetwork":         fmt.Sprint(pod.Spec.HostNetwork),
		"status.phase":             string(pod.Status.Phase),
		"status.podIP":             ip,
		"status.nominatedNodeName": pod.Status.NominatedNodeName,
	}
}

// warnPod warns about what is accepted at creation but hardly meant. Updates are made by programs, which read no
// warnings; upstream spares them the time, but for addresses in status updates, which nobody but the node writes.
func warnPod(obj, old runtime.Object) []string {
	if old != nil {
		return nil
	}
	pod := obj.(*corev1.Pod)
	warnings := hostnameWarning(pod.Name, "the Pod's hostname")
	visitContainers(&pod.Spec, nil, func(c *corev1.Container, _ *field.Path) {
		if key := appArmorAnnotation + c.Name; appArmorSpeaks(pod.Annotations, key, c, &pod.Spec) {
			warnings = append(warnings, field.NewPath("metadata", "annotations").Key(key).String()+`: deprecated since v1.30; use the "appArmorProfile" field instead`)
		}
	})
	return append(warnings, podSpecWarnings(&pod.Spec, &pod.ObjectMeta, nil)...)
}
