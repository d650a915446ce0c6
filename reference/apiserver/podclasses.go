package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/admission"
)

// Pods name classes of priority and of runtimes. Neither kind is served here, so that there are no others than upstream has
// built in: two priorities for the system's own Pods, and no runtimes.

// priorities are the built-in classes of priority.
var priorities = map[string]int32{
	"system-cluster-critical": 2_000_000_000,
	"system-node-critical":    2_000_001_000,
}

// podPriority gives each Pod the priority of its class, as upstream's plugin Priority. Pods cannot choose a number themselves.
type podPriority struct {
	*admission.Handler
}

func newPodPriority() podPriority {
	return podPriority{admission.NewHandler(admission.Create, admission.Update)}
}

func (podPriority) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	pod, err := admittedPod(a)
	if pod == nil || err != nil {
		return err
	}
	if a.GetOperation() == admission.Update {
		// Whoever updates a Pod by its first manifest leaves out what was added then.
		if old, ok := a.GetOldObject().(*corev1.Pod); ok {
			if pod.Spec.Priority == nil {
				pod.Spec.Priority = old.Spec.Priority
			}
			if pod.Spec.PreemptionPolicy == nil {
				pod.Spec.PreemptionPolicy = old.Spec.PreemptionPolicy
			}
		}
		return nil
	}
	priority, known := priorities[pod.Spec.PriorityClassName]
	if !known && pod.Spec.PriorityClassName != "" {
		return admission.NewForbidden(a, fmt.Errorf("no PriorityClass with name %v was found", pod.Spec.PriorityClassName))
	}
	if given := pod.Spec.Priority; given != nil && *given != priority {
		return admission.NewForbidden(a, fmt.Errorf(
			"the integer value of priority (%d) must not be provided in pod spec; priority admission controller computed %d from the given PriorityClass name", *given, priority))
	}
	policy := corev1.PreemptLowerPriority
	if given := pod.Spec.PreemptionPolicy; given != nil && *given != policy {
		return admission.NewForbidden(a, fmt.Errorf(
			"the string value of PreemptionPolicy (%s) must not be provided in pod spec; priority admission controller computed %s from the given PriorityClass name", *given, policy))
	}
	pod.Spec.Priority, pod.Spec.PreemptionPolicy = &priority, &policy
	return nil
}

// runtimeClass refuses Pods that name a runtime, or say what one costs, as upstream's plugin RuntimeClass does where no
// class is defined.
type runtimeClass struct {
	*admission.Handler
}

func newRuntimeClass() runtimeClass {
	return runtimeClass{admission.NewHandler(admission.Create)}
}

func (runtimeClass) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	pod, err := admittedPod(a)
	if pod == nil || err != nil {
		return err
	}
	if name := pod.Spec.RuntimeClassName; name != nil {
		return admission.NewForbidden(a, fmt.Errorf("pod rejected: RuntimeClass %q not found", *name))
	}
	return nil
}

// Validate comes when all of admission has had its turn at the Pod, and validation too.
func (runtimeClass) Validate(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	pod, err := admittedPod(a)
	if pod == nil || err != nil {
		return err
	}
	if len(pod.Spec.Overhead) > 0 {
		return admission.NewForbidden(a, fmt.Errorf("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"))
	}
	return nil
}

// admittedPod is the Pod that a request is about; nil if it is about something else, or a part of a Pod.
func admittedPod(a admission.Attributes) (*corev1.Pod, error) {
	if a.GetResource().GroupResource() != corev1.Resource("pods") || a.GetSubresource() != "" {
		return nil, nil
	}
	pod, ok := a.GetObject().(*corev1.Pod)
	if !ok {
		return nil, apierrors.NewBadRequest("resource was marked with kind Pod but was unable to be converted")
	}
	return pod, nil
}
