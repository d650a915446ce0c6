package kind

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Service is a stable address for a set of Pods.
//
// What needs the cluster's ranges (cluster IPs, node ports, the default IP family) is not decided here but in package
// allocate, between defaulting and validation.
var Service = Kind{
	GroupVersion: corev1.SchemeGroupVersion,
	Kind:         "Service",
	Resource:     "services",
	Singular:     "service",
	ShortNames:   []string{"svc"},
	Categories:   []string{"all"},
	Namespaced:   true,
	New:          func() runtime.Object { return &corev1.Service{} },
	NewList:      func() runtime.Object { return &corev1.ServiceList{} },

	Default:       func(obj runtime.Object) { defaultService(obj.(*corev1.Service)) },
	PrepareCreate: func(obj runtime.Object) { obj.(*corev1.Service).Status = corev1.ServiceStatus{} },
	PrepareUpdate: func(obj, old runtime.Object) {
		svc, was := obj.(*corev1.Service), old.(*corev1.Service)
		was.Status.DeepCopyInto(&svc.Status)
		dropTypeDependentFields(svc, was)
	},
	Validate: func(obj runtime.Object) field.ErrorList { return validateServiceCreate(obj.(*corev1.Service)) },
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validateServiceUpdate(obj.(*corev1.Service), old.(*corev1.Service))
	},
	Warn: func(obj, _ runtime.Object) []string { return warnService(obj.(*corev1.Service)) },
	Status: &Status{
		PrepareUpdate: func(obj, old runtime.Object) {
			old.(*corev1.Service).Spec.DeepCopyInto(&obj.(*corev1.Service).Spec)
		},
		ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
			return validateServiceStatusUpdate(obj.(*corev1.Service), old.(*corev1.Service))
		},
	},
	Fields: func(obj runtime.Object) fields.Set {
		svc := obj.(*corev1.Service)
		return fields.Set{"spec.clusterIP": svc.Spec.ClusterIP, "spec.type": string(svc.Spec.Type)}
	},
	Columns:                  serviceColumns,
	Row:                      func(obj runtime.Object) []any { return serviceRow(obj.(*corev1.Service)) },
	AllowCreateOnUpdate:      true,
	AllowUnconditionalUpdate: true,
}

// defaultService fills what does not depend on the cluster. A target port that is not given is the port itself.
func defaultService(svc *corev1.Service) {
	spec := &svc.Spec
	if spec.SessionAffinity == "" {
		spec.SessionAffinity = corev1.ServiceAffinityNone
	}
	defaultSessionAffinity(spec)
	if spec.Type == "" {
		spec.Type = corev1.ServiceTypeClusterIP
	}
	for i := range spec.Ports {
		port := &spec.Ports[i]
		if port.Protocol == "" {
			port.Protocol = corev1.ProtocolTCP
		}
		if port.TargetPort == intstr.FromInt32(0) || port.TargetPort == intstr.FromString("") {
			port.TargetPort = intstr.FromInt32(port.Port)
		}
	}
	if externallyAccessible(svc) && spec.ExternalTrafficPolicy == "" {
		spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	}
	if spec.InternalTrafficPolicy == nil && hasProxiedType(svc) {
		spec.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicyCluster)
	}
	if spec.Type == corev1.ServiceTypeLoadBalancer {
		defaultLoadBalancer(svc)
	}
}

// defaultSessionAffinity gives client IP affinity its timeout of three hours, and takes the configuration away where
// there is no affinity.
func defaultSessionAffinity(spec *corev1.ServiceSpec) {
	switch spec.SessionAffinity {
	case corev1.ServiceAffinityNone:
		spec.SessionAffinityConfig = nil
	case corev1.ServiceAffinityClientIP:
		config := spec.SessionAffinityConfig
		if config == nil || config.ClientIP == nil || config.ClientIP.TimeoutSeconds == nil {
			spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{
				ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(corev1.DefaultClientIPServiceAffinitySeconds)},
			}
		}
	}
}

func defaultLoadBalancer(svc *corev1.Service) {
	if svc.Spec.AllocateLoadBalancerNodePorts == nil {
		svc.Spec.AllocateLoadBalancerNodePorts = new(true)
	}
	for i := range svc.Status.LoadBalancer.Ingress {
		ingress := &svc.Status.LoadBalancer.Ingress[i]
		if ingress.IP != "" && ingress.IPMode == nil {
			ingress.IPMode = new(corev1.LoadBalancerIPModeVIP)
		}
	}
}
