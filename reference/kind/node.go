package kind

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Node is a machine that runs Pods.
var Node = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Node",
	Resource:     "nodes",
	Singular:     "node",
	ShortNames:   []string{"no"},
	Namespaced:   false,
	New:          func() runtime.Object { return &corev1.Node{} },
	NewList:      func() runtime.Object { return &corev1.NodeList{} },

	Default: func(obj runtime.Object) { defaultNode(obj.(*corev1.Node)) },
	// A new node may bring its status along: that is how agents register.
	PrepareCreate: func(obj runtime.Object) {
		node := obj.(*corev1.Node)
		node.Spec.ConfigSource, node.Spec.PodPreemptionPolicy, node.Status.Config = nil, nil, nil
	},
	PrepareUpdate: func(obj, old runtime.Object) {
		node, was := obj.(*corev1.Node), old.(*corev1.Node)
		was.Status.DeepCopyInto(&node.Status)
		if was.Spec.ConfigSource == nil {
			node.Spec.ConfigSource = nil
		}
		if was.Spec.PodPreemptionPolicy == nil {
			node.Spec.PodPreemptionPolicy = nil
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateNode(obj.(*corev1.Node)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return append(validateNode(obj.(*corev1.Node)), validateNodeUpdate(obj.(*corev1.Node), old.(*corev1.Node))...)
	},
	Warn: func(obj, _ runtime.Object) []string { return warnNode(obj.(*corev1.Node)) },
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			node, was := obj.(*corev1.Node), old.(*corev1.Node)
			was.Spec.DeepCopyInto(&node.Spec)
			if was.Status.Config == nil {
				node.Status.Config = nil
			}
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validateNodeUpdate(obj.(*corev1.Node), old.(*corev1.Node))
		},
	},
	Fields: func(obj runtime.Object) fields.Set {
		return fields.Set{"spec.unschedulable": fmt.Sprint(obj.(*corev1.Node).Spec.Unschedulable)}
	},
	Columns: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
		{Name: "Status", Type: "string", Description: "The status of the node"},
		{Name: "Roles", Type: "string", Description: "The roles of the node"},
		{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
		{Name: "Version", Type: "string", Description: corev1.NodeSystemInfo{}.SwaggerDoc()["kubeletVersion"]},
		{Name: "Internal-IP", Type: "string", Priority: 1, Description: corev1.NodeStatus{}.SwaggerDoc()["addresses"]},
		{Name: "External-IP", Type: "string", Priority: 1, Description: corev1.NodeStatus{}.SwaggerDoc()["addresses"]},
		{Name: "OS-Image", Type: "string", Priority: 1, Description: corev1.NodeSystemInfo{}.SwaggerDoc()["osImage"]},
		{Name: "Kernel-Version", Type: "string", Priority: 1, Description: corev1.NodeSystemInfo{}.SwaggerDoc()["kernelVersion"]},
		{Name: "Container-Runtime", Type: "string", Priority: 1, Description: corev1.NodeSystemInfo{}.SwaggerDoc()["containerRuntimeVersion"]},
	},
	Row:                      func(obj runtime.Object) []any { return nodeRow(obj.(*corev1.Node)) },
	AllowUnconditionalUpdate: true,
}

// defaultNode makes all of a node allocatable unless it says otherwise, and keeps the two forms of the Pod range alike:
// the single form is authoritative where they differ.
func defaultNode(node *corev1.Node) {
	if node.Status.Allocatable == nil && node.Status.Capacity != nil {
		node.Status.Allocatable = node.Status.Capacity.DeepCopy()
	}
	spec := &node.Spec
	if spec.PodCIDR != "" && (len(spec.PodCIDRs) == 0 || spec.PodCIDRs[0] != spec.PodCIDR) {
		spec.PodCIDRs = []string{spec.PodCIDR}
	}
	if len(spec.PodCIDRs) > 0 {
		spec.PodCIDR = spec.PodCIDRs[0]
	}
}

func warnNode(node *corev1.Node) []string {
	var warnings []string
	if node.Spec.ConfigSource != nil {
		warnings = append(warnings, "spec.configSource: the feature is removed")
	}
	if node.Spec.DoNotUseExternalID != "" {
		warnings = append(warnings, "spec.externalID: this field is deprecated, and is unused by Kubernetes")
	}
	path := field.NewPath("spec", "podCIDRs")
	for i, cidr := range node.Spec.PodCIDRs {
		warnings = append(warnings, validation.GetWarningsForCIDR(path.Index(i), cidr)...)
	}
	return warnings
}

func nodeRow(node *corev1.Node) []any {
	info := &node.Status.NodeInfo
	kernel := orUnknown(info.KernelVersion)
	if info.Architecture != "" {
		kernel += " (" + info.Architecture + ")"
	}
	return []any{
		node.Name, nodeStatusText(node), nodeRoles(node), age(node.CreationTimestamp), info.KubeletVersion,
		nodeAddress(node, corev1.NodeInternalIP), nodeAddress(node, corev1.NodeExternalIP),
		orUnknown(info.OSImage), kernel, orUnknown(info.ContainerRuntimeVersion),
	}
}

func nodeStatusText(node *corev1.Node) string {
	status := "Unknown"
	for _, condition := range node.Status.Conditions {
		if condition.Type != corev1.NodeReady {
			continue
		}
		status = "NotReady"
		if condition.Status == corev1.ConditionTrue {
			status = "Ready"
		}
	}
	if node.Spec.Unschedulable {
		status += ",SchedulingDisabled"
	}
	return status
}

// nodeRoles are read from the labels, in either of the two forms in use.
func nodeRoles(node *corev1.Node) string {
	roles := sets.New[string]()
	for key, value := range node.Labels {
		if role, ok := strings.CutPrefix(key, "node-role.kubernetes.io/"); ok {
			if role != "" {
				roles.Insert(role)
			}
		} else if key == "kubernetes.io/role" && value != "" {
			roles.Insert(value)
		}
	}
	if len(roles) == 0 {
		return "<none>"
	}
	return strings.Join(sets.List(roles), ",")
}

func nodeAddress(node *corev1.Node, kind corev1.NodeAddressType) string {
	for _, address := range node.Status.Addresses {
		if address.Type == kind {
			return address.Address
		}
	}
	return "<none>"
}

func orUnknown(text string) string {
	if text == "" {
		return "<unknown>"
	}
	return text
}
