package node

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// podField is the value of a downward API field, by upstream's
// podFieldSelectorRuntimeValue.
func podField(pod *v1.Pod, ref *v1.ObjectFieldSelector, hostIP, podIP string) (string, error) {
	path := ref.FieldPath
	if key, ok := subscript(path, "metadata.labels"); ok {
		return pod.Labels[key], nil
	}
	if key, ok := subscript(path, "metadata.annotations"); ok {
		return pod.Annotations[key], nil
	}
	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return formatMap(pod.Labels), nil
	case "metadata.annotations":
		return formatMap(pod.Annotations), nil
	case "spec.nodeName", "spec.host":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.hostIPs":
		return hostIP, nil
	case "status.podIP", "status.podIPs":
		return podIP, nil
	case "spec.restartPolicy", "spec.schedulerName", "status.phase":
		return "", fmt.Errorf("unsupported fieldPath: %v", path)
	}
	return "", fmt.Errorf("field label not supported: %s", path)
}

// subscript finds KEY in prefix['KEY'].
func subscript(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix+"['")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "']")
}

// formatMap is one line a key, sorted: key="value".
func formatMap(m map[string]string) string {
	var lines []string
	for k, v := range m {
		lines = append(lines, k+"="+strconv.Quote(v))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// resourceField is a container's request or limit in units of the divisor,
// rounded up. A limit that is not set is the Pod's, or what the node has.
func resourceField(pod *v1.Pod, ref *v1.ResourceFieldSelector, container *v1.Container, allocatable v1.ResourceList) (string, error) {
	if ref.ContainerName != "" {
		if container, _ = containerSpec(pod, ref.ContainerName); container == nil {
			return "", fmt.Errorf("container %s not found", ref.ContainerName)
		}
	}
	of, name, found := strings.Cut(ref.Resource, ".")
	resourceName := v1.ResourceName(name)
	known := slices.Contains([]v1.ResourceName{v1.ResourceCPU, v1.ResourceMemory, v1.ResourceEphemeralStorage}, resourceName) ||
		strings.HasPrefix(name, v1.ResourceHugePagesPrefix)
	if !found || !known || (of != "limits" && of != "requests") {
		return "", fmt.Errorf("unsupported container resource : %v", ref.Resource)
	}
	value := container.Resources.Requests[resourceName]
	if of == "limits" {
		value = container.Resources.Limits[resourceName]
		if value.IsZero() && resourcehelper.IsPodLevelLimitsSet(pod) {
			value = pod.Spec.Resources.Limits[resourceName]
		}
		if value.IsZero() && !strings.HasPrefix(name, v1.ResourceHugePagesPrefix) {
			value = allocatable[resourceName]
		}
	}
	divisor := ref.Divisor
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}
	amount, unit := value.Value(), divisor.Value()
	if resourceName == v1.ResourceCPU {
		amount, unit = value.MilliValue(), divisor.MilliValue()
	}
	return strconv.FormatInt((amount+unit-1)/unit, 10), nil
}
