package kind

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
)

var serviceColumns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Type", Type: "string", Description: corev1.ServiceSpec{}.SwaggerDoc()["type"]},
	{Name: "Cluster-IP", Type: "string", Description: corev1.ServiceSpec{}.SwaggerDoc()["clusterIP"]},
	{Name: "External-IP", Type: "string", Description: corev1.ServiceSpec{}.SwaggerDoc()["externalIPs"]},
	{Name: "Port(s)", Type: "string", Description: corev1.ServiceSpec{}.SwaggerDoc()["ports"]},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	{Name: "Selector", Type: "string", Priority: 1, Description: corev1.ServiceSpec{}.SwaggerDoc()["selector"]},
}

func serviceRow(svc *corev1.Service) []any {
	clusterIP := "<none>"
	if len(svc.Spec.ClusterIPs) > 0 {
		clusterIP = svc.Spec.ClusterIPs[0]
	}
	return []any{
		svc.Name, string(svc.Spec.Type), clusterIP, externalAddresses(svc), servicePortsText(svc.Spec.Ports),
		age(svc.CreationTimestamp), labels.FormatLabels(svc.Spec.Selector),
	}
}

// servicePortsText is "80:30080/TCP,53/UDP", or "<none>".
func servicePortsText(ports []corev1.ServicePort) string {
	if len(ports) == 0 {
		return "<none>"
	}
	var texts []string
	for _, port := range ports {
		number := fmt.Sprint(port.Port)
		if port.NodePort > 0 {
			number = fmt.Sprintf("%d:%d", port.Port, port.NodePort)
		}
		texts = append(texts, number+"/"+string(port.Protocol))
	}
	return strings.Join(texts, ",")
}

func externalAddresses(svc *corev1.Service) string {
	external := svc.Spec.ExternalIPs
	switch svc.Spec.Type {
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort:
		if len(external) == 0 {
			return "<none>"
		}
		return strings.Join(external, ",")
	case corev1.ServiceTypeLoadBalancer:
		all := slices.Concat(ingressAddresses(svc), external)
		if len(all) == 0 {
			return "<pending>"
		}
		return strings.Join(all, ",")
	case corev1.ServiceTypeExternalName:
		return svc.Spec.ExternalName
	default:
		return "<unknown>"
	}
}

// ingressAddresses are a load balancer's addresses, sorted, each once.
func ingressAddresses(svc *corev1.Service) []string {
	addresses := sets.New[string]()
	for _, ingress := range svc.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			addresses.Insert(ingress.IP)
		} else if ingress.Hostname != "" {
			addresses.Insert(ingress.Hostname)
		}
	}
	return sets.List(addresses)
}
