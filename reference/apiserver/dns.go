package apiserver

import (
	"context"
	"fmt"
	"net/netip"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// The cluster's DNS is CoreDNS in Pods behind a Service (claim services/dns-is-a-service). Its objects are made where they are
// missing, and are the user's from then on: what somebody changes stays changed. Names and labels are those that kubeadm gives.
const (
	dnsService = "kube-dns"
	coreDNS    = "coredns"
	// dnsImage is in every node's own archives.
	dnsImage = "plumbline.dev/coredns:local"
	// dnsReplicas: names go on being answered when one Pod is lost (claim services/dns-name). Nothing keeps the two apart: on a young
	// cluster there is one node for both.
	dnsReplicas = 2
)

var dnsLabels = map[string]string{"k8s-app": "kube-dns"}

// ensureDNS makes the objects of the cluster's DNS. The Service comes first: nodes tell its address to Pods.
func (s *Server) ensureDNS(ctx context.Context, client kubernetes.Interface) error {
	services := client.CoreV1().Services(metav1.NamespaceSystem)
	if err := createIfMissing(ctx, services.Get, services.Create, dnsServiceObject(s.options.dnsIP())); err != nil {
		return fmt.Errorf("create service %s: %w", dnsService, err)
	}
	maps := client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
	if err := createIfMissing(ctx, maps.Get, maps.Create, &corev1.ConfigMap{
		ObjectMeta: systemMeta(coreDNS),
		Data:       map[string]string{"Corefile": corefile(s.options.clusterDomain(), s.options.ForwardsNames)},
	}); err != nil {
		return fmt.Errorf("create config map %s: %w", coreDNS, err)
	}
	accounts := client.CoreV1().ServiceAccounts(metav1.NamespaceSystem)
	if err := createIfMissing(ctx, accounts.Get, accounts.Create, &corev1.ServiceAccount{ObjectMeta: systemMeta(coreDNS)}); err != nil {
		return fmt.Errorf("create service account %s: %w", coreDNS, err)
	}
	deployments := client.AppsV1().Deployments(metav1.NamespaceSystem)
	if err := createIfMissing(ctx, deployments.Get, deployments.Create, dnsDeployment()); err != nil {
		return fmt.Errorf("create deployment %s: %w", coreDNS, err)
	}
	return nil
}

func systemMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem, Labels: dnsLabels}
}

// corefile is the configuration of CoreDNS, as kubeadm's. Answers are kept for a few seconds only: who asks too early is told in time.
// What is no name of the cluster is asked for where CoreDNS's own node asks. Where nobody is to be asked, it is not known.
func corefile(domain string, forwards bool) string {
	forward := ""
	if forwards {
		forward = "    forward . /etc/resolv.conf\n"
	}
	return `.:53 {
    errors
    health
    ready
    kubernetes ` + domain + ` in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
` + forward + `    cache 5
    loadbalance
    reload
}
`
}

// dnsServiceObject has no address of its own choice where the range is too small for the usual one.
func dnsServiceObject(ip netip.Addr) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: systemMeta(dnsService),
		Spec: corev1.ServiceSpec{
			Selector: dnsLabels,
			Ports: []corev1.ServicePort{
				{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53, TargetPort: intstr.FromInt32(53)},
				{Name: "dns-tcp", Protocol: corev1.ProtocolTCP, Port: 53, TargetPort: intstr.FromInt32(53)},
			},
		},
	}
	service.Labels = map[string]string{
		"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
	}
	if ip.IsValid() {
		service.Spec.ClusterIP = ip.String()
	}
	return service
}

func dnsDeployment() *appsv1.Deployment {
	probe := func(path string, port, period int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}},
			PeriodSeconds: period, TimeoutSeconds: 5,
		}
	}
	container := corev1.Container{
		Name: coreDNS, Image: dnsImage, ImagePullPolicy: corev1.PullNever, Args: []string{"-conf", "/etc/coredns/Corefile"},
		Ports: []corev1.ContainerPort{
			{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}, {Name: "dns-tcp", ContainerPort: 53, Protocol: corev1.ProtocolTCP},
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("30Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("170Mi")},
		},
		ReadinessProbe: probe("/ready", 8181, 1),
		LivenessProbe:  probe("/health", 8080, 10),
		VolumeMounts:   []corev1.VolumeMount{{Name: "config", MountPath: "/etc/coredns", ReadOnly: true}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_BIND_SERVICE"}},
		},
	}
	return &appsv1.Deployment{
		ObjectMeta: systemMeta(coreDNS),
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](dnsReplicas),
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: ptr.To(intstr.FromInt32(1))},
			},
			Selector: &metav1.LabelSelector{MatchLabels: dnsLabels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: dnsLabels},
				Spec: corev1.PodSpec{
					ServiceAccountName: coreDNS,
					PriorityClassName:  "system-cluster-critical",
					DNSPolicy:          corev1.DNSDefault, // it cannot ask itself
					Tolerations:        []corev1.Toleration{{Key: "CriticalAddonsOnly", Operator: corev1.TolerationOpExists}},
					Containers:         []corev1.Container{container},
					Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
						LocalObjectReference: corev1.LocalObjectReference{Name: coreDNS}}}}},
				},
			},
		},
	}
}
