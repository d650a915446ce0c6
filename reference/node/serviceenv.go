package node

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// serviceVariables are the variables by which a Pod finds the services of its
// namespace, and always the API server (upstream's pkg/kubelet/envvars).
func serviceVariables(pod *v1.Pod, services []*v1.Service) map[string]string {
	links := pod.Spec.EnableServiceLinks == nil || *pod.Spec.EnableServiceLinks
	vars := map[string]string{}
	// The API server's own first, so that a service of the Pod's namespace
	// with its name wins.
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b *v1.Service) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
	for _, svc := range services {
		if svc.Spec.ClusterIP == "" || svc.Spec.ClusterIP == v1.ClusterIPNone || len(svc.Spec.Ports) == 0 {
			continue
		}
		if isAPIServer(svc) || (links && svc.Namespace == pod.Namespace) {
			addServiceVariables(vars, svc)
		}
	}
	return vars
}

func isAPIServer(svc *v1.Service) bool {
	return svc.Namespace == v1.NamespaceDefault && svc.Name == "kubernetes"
}

func sortKey(svc *v1.Service) string {
	if isAPIServer(svc) {
		return ""
	}
	return svc.Namespace + "/" + svc.Name
}

func addServiceVariables(vars map[string]string, svc *v1.Service) {
	prefix := variableName(svc.Name)
	vars[prefix+"_SERVICE_HOST"] = svc.Spec.ClusterIP
	for i, port := range svc.Spec.Ports {
		number := strconv.Itoa(int(port.Port))
		protocol := string(port.Protocol)
		if protocol == "" {
			protocol = string(v1.ProtocolTCP)
		}
		url := strings.ToLower(protocol) + "://" + net.JoinHostPort(svc.Spec.ClusterIP, number)
		if i == 0 {
			vars[prefix+"_SERVICE_PORT"] = number
			vars[prefix+"_PORT"] = url
		}
		if port.Name != "" {
			vars[prefix+"_SERVICE_PORT_"+variableName(port.Name)] = number
		}
		link := fmt.Sprintf("%s_PORT_%d_%s", prefix, port.Port, strings.ToUpper(protocol))
		vars[link] = url
		vars[link+"_PROTO"] = strings.ToLower(protocol)
		vars[link+"_PORT"] = number
		vars[link+"_ADDR"] = svc.Spec.ClusterIP
	}
}

func variableName(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }
