package apiserver

import (
	"context"
	"fmt"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/rbac"
)

// nodeRestriction keeps a node to its own object, its own Pods and its own lease, as upstream's plugin of that name.
type nodeRestriction struct {
	*admission.Handler
	access *access
}

func newNodeRestriction(a *access) nodeRestriction {
	return nodeRestriction{admission.NewHandler(admission.Create, admission.Update, admission.Delete), a}
}

func (r nodeRestriction) Admit(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	node := rbac.NodeName(a.GetUserInfo())
	if node == "" {
		return nil
	}
	switch a.GetResource().GroupResource() {
	case corev1.Resource("nodes"):
		return ownNode(node, a)
	case corev1.Resource("pods"):
		return r.ownPod(ctx, node, a)
	case corev1.Resource("serviceaccounts"):
		return r.ownToken(ctx, node, a)
	case schema.GroupResource{Group: kind.Lease.GroupVersion.Group, Resource: kind.Lease.Resource}:
		if a.GetOperation() == admission.Create && nameOf(a) != node {
			return admission.NewForbidden(a, fmt.Errorf("can only access node lease with the same name as the requesting node"))
		}
	}
	return nil
}

// nameOf is the name of the object, which the request does not have when the object is new.
func nameOf(a admission.Attributes) string {
	if obj, ok := a.GetObject().(interface{ GetName() string }); ok && a.GetName() == "" {
		return obj.GetName()
	}
	return a.GetName()
}

func ownNode(node string, a admission.Attributes) error {
	if name := nameOf(a); name != node {
		return admission.NewForbidden(a, fmt.Errorf("node %q is not allowed to modify node %q", node, name))
	}
	return nil
}

func (r nodeRestriction) ownPod(ctx context.Context, node string, a admission.Attributes) error {
	if a.GetOperation() == admission.Create && a.GetSubresource() == "" {
		pod, ok := a.GetObject().(*corev1.Pod)
		if !ok {
			return nil
		}
		if _, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]; !mirror {
			return admission.NewForbidden(a, fmt.Errorf("pod does not have %q annotation, node %q can only create mirror pods", corev1.MirrorPodAnnotationKey, node))
		}
		if pod.Spec.NodeName != node {
			return admission.NewForbidden(a, fmt.Errorf("node %q can only create pods with spec.nodeName set to itself", node))
		}
		return nil
	}
	// A Pod never changes its node, so that the cache, from which the node knows of it, is as good as the storage.
	obj, err := r.access.object(ctx, &kind.Pod, a.GetNamespace(), a.GetName(), "0")
	if err == nil && obj.(*corev1.Pod).Spec.NodeName != node {
		return admission.NewForbidden(a, fmt.Errorf("node %q can only %s pods with spec.nodeName set to itself", node, strings.ToLower(string(a.GetOperation()))))
	}
	return nil // what is not there the storage will say
}

// ownToken: a token that a node asks for is bound to a Pod that it runs.
func (r nodeRestriction) ownToken(ctx context.Context, node string, a admission.Attributes) error {
	asked, ok := a.GetObject().(*authenticationv1.TokenRequest)
	if !ok {
		return nil
	}
	ref := asked.Spec.BoundObjectRef
	if ref == nil || ref.APIVersion != "v1" || ref.Kind != kind.Pod.Kind || ref.Name == "" {
		return admission.NewForbidden(a, fmt.Errorf("node requested token not bound to a pod"))
	}
	if ref.UID == "" {
		return admission.NewForbidden(a, fmt.Errorf("node requested token with a pod binding without a uid"))
	}
	obj, err := r.access.object(ctx, &kind.Pod, a.GetNamespace(), ref.Name, "")
	if err != nil {
		return err
	}
	if pod := obj.(*corev1.Pod); ref.UID != pod.UID {
		return admission.NewForbidden(a, fmt.Errorf("the UID in the bound object reference (%s) does not match the UID in record. The object might have been deleted and then recreated", ref.UID))
	} else if pod.Spec.NodeName != node {
		return admission.NewForbidden(a, fmt.Errorf("node requested token bound to a pod scheduled on a different node"))
	}
	return nil
}
