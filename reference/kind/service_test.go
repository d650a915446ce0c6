package kind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// newService is a good Service with an address, defaulted, after changes have been made to it.
func newService(changes ...func(svc *corev1.Service)) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", ResourceVersion: "1"},
		Spec: corev1.ServiceSpec{
			Ports: []corev1.ServicePort{{Port: 80}}, ClusterIP: "10.96.0.5", ClusterIPs: []string{"10.96.0.5"},
			IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, IPFamilyPolicy: new(corev1.IPFamilyPolicySingleStack),
		},
	}
	for _, change := range changes {
		change(svc)
	}
	defaultService(svc)
	return svc
}

func ports(ports ...corev1.ServicePort) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.Ports = ports }
}

func ips(ips ...string) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Spec.ClusterIP, svc.Spec.ClusterIPs = "", ips
		if len(ips) > 0 {
			svc.Spec.ClusterIP = ips[0]
		}
	}
}

func serviceType(kind corev1.ServiceType) func(*corev1.Service) {
	return func(svc *corev1.Service) { svc.Spec.Type = kind }
}

func externalName(name string) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, name
		svc.Spec.ClusterIP, svc.Spec.ClusterIPs, svc.Spec.IPFamilies, svc.Spec.IPFamilyPolicy = "", nil, nil, nil
	}
}

func spec(change func(spec *corev1.ServiceSpec)) func(*corev1.Service) {
	return func(svc *corev1.Service) { change(&svc.Spec) }
}

func named(name string) func(*corev1.Service) { return func(svc *corev1.Service) { svc.Name = name } }

func TestServiceRules(t *testing.T) {
	for name, test := range map[string]struct {
		svc  *corev1.Service
		want []string
	}{
		"one port":                {svc: newService()},
		"no ports":                {newService(ports()), []string{"spec.ports: Required value"}},
		"no ports but headless":   {svc: newService(ports(), ips("None"))},
		"no ports but by name":    {svc: newService(ports(), externalName("example.com"))},
		"names when several":      {svc: newService(ports(corev1.ServicePort{Name: "a", Port: 80}, corev1.ServicePort{Name: "b", Port: 81}))},
		"no names though several": {newService(ports(corev1.ServicePort{Port: 80}, corev1.ServicePort{Port: 81})), []string{"spec.ports[0].name: Required value", "spec.ports[1].name: Required value"}},
		"the same name":           {newService(ports(corev1.ServicePort{Name: "a", Port: 80}, corev1.ServicePort{Name: "a", Port: 81})), []string{`spec.ports[1].name: Duplicate value: "a"`}},
		"the same port":           {newService(ports(corev1.ServicePort{Name: "a", Port: 80}, corev1.ServicePort{Name: "b", Port: 80})), []string{`spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}`}},
		"port of each protocol":   {svc: newService(ports(corev1.ServicePort{Name: "a", Port: 80}, corev1.ServicePort{Name: "b", Port: 80, Protocol: "UDP"}))},
		"port 0":                  {newService(ports(corev1.ServicePort{Port: 0, TargetPort: intstr.FromInt(1)})), []string{"spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"}},
		"port 65536":              {newService(ports(corev1.ServicePort{Port: 65536, TargetPort: intstr.FromInt(1)})), []string{"spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive"}},
		"port's name":             {newService(ports(corev1.ServicePort{Name: "a" + strings.Repeat("b", 63), Port: 80})), []string{`spec.ports[0].name: Invalid value: "a` + strings.Repeat("b", 63) + `": ` + `must be no more than 63 characters`}},
		"unknown protocol":        {newService(ports(corev1.ServicePort{Port: 80, Protocol: "tcp"})), []string{`spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`}},
		"named target":            {svc: newService(ports(corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("http")}))},
		"target a quoted number":  {newService(ports(corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("8080")})), []string{`spec.ports[0].targetPort: Invalid value: "8080": must contain at least one letter (a-z)`}},
		"target too high":         {newService(ports(corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt(70000)})), []string{"spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"}},
		"application protocol":    {svc: newService(ports(corev1.ServicePort{Port: 80, AppProtocol: new("kubernetes.io/h2c")}))},
		"node port of ClusterIP":  {newService(ports(corev1.ServicePort{Port: 80, NodePort: 30001})), []string{"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"}},
		"the same node port":      {newService(serviceType("NodePort"), ports(corev1.ServicePort{Name: "a", Port: 80, NodePort: 30001}, corev1.ServicePort{Name: "b", Port: 81, NodePort: 30001})), []string{"spec.ports[1].nodePort: Duplicate value: 30001"}},
		"node port of each":       {svc: newService(serviceType("NodePort"), ports(corev1.ServicePort{Name: "a", Port: 80, NodePort: 30001}, corev1.ServicePort{Name: "b", Port: 80, Protocol: "UDP", NodePort: 30001}))},
		"unknown type":            {newService(serviceType("Public")), []string{`spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"`}},
		"headless NodePort":       {newService(serviceType("NodePort"), ips("None")), []string{`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`}},
		"headless load balancer":  {newService(serviceType("LoadBalancer"), ips("None")), []string{`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`}},
		"a name in full":          {svc: newService(externalName("example.com."))},
		"no name":                 {newService(externalName("")), []string{"spec.externalName: Required value"}},
		"a name with an address":  {newService(externalName("example.com"), ips("10.96.0.5")), []string{"spec.clusterIPs: Forbidden: may not be set for ExternalName services"}},
		"malformed address":       {newService(ips("10.96.0.256")), []string{`spec.clusterIPs[0]: Invalid value: "10.96.0.256": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`}},
		"leading zeros":           {newService(ips("10.96.0.05")), []string{`spec.clusterIPs[0]: Invalid value: "10.96.0.05": must not have leading 0s`}},
		"none and some":           {newService(ips("None", "10.96.0.5")), []string{`spec.clusterIPs: Invalid value: ["None","10.96.0.5"]: 'None' must be the first and only value`}},
		"not the first":           {newService(spec(func(spec *corev1.ServiceSpec) { spec.ClusterIP = "10.96.0.6" })), []string{"spec.clusterIPs: Invalid value: [\"10.96.0.5\"]: first value must match `clusterIP`"}},
		"only the plural":         {newService(spec(func(spec *corev1.ServiceSpec) { spec.ClusterIP = "" })), []string{"spec.clusterIPs: Invalid value: [\"10.96.0.5\"]: must be empty when `clusterIP` is not specified"}},
		"two of a family":         {newService(ips("10.96.0.5", "10.96.0.6")), []string{`spec.clusterIPs: Invalid value: ["10.96.0.5","10.96.0.6"]: may specify no more than one IP for each IP family`}},
		"address of other family": {newService(ips("fd00::5")), []string{"spec.clusterIPs[0]: Invalid value: \"fd00::5\": expected an IPv4 value as indicated by `ipFamilies[0]`"}},
		"unknown family":          {newService(spec(func(spec *corev1.ServiceSpec) { spec.IPFamilies = []corev1.IPFamily{"ipv4"} })), []string{`spec.ipFamilies[0]: Unsupported value: "ipv4": supported values: "IPv4", "IPv6"`}},
		"unknown family policy":   {newService(spec(func(spec *corev1.ServiceSpec) { spec.IPFamilyPolicy = new(corev1.IPFamilyPolicy("Both")) })), []string{`spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"`}},
		"affinity":                {svc: newService(spec(func(spec *corev1.ServiceSpec) { spec.SessionAffinity = "ClientIP" }))},
		"unknown affinity":        {newService(spec(func(spec *corev1.ServiceSpec) { spec.SessionAffinity = "Cookie" })), []string{`spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"`}},
		"affinity for over a day": {newService(affinity(86401)), []string{"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400"}},
		"affinity for a day":      {svc: newService(affinity(86400))},
		"affinity for no time":    {newService(affinity(0)), []string{"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400"}},
		"external address":        {svc: newService(spec(func(spec *corev1.ServiceSpec) { spec.ExternalIPs = []string{"192.0.2.1"} }))},
		"loopback from outside":   {newService(spec(func(spec *corev1.ServiceSpec) { spec.ExternalIPs = []string{"127.0.0.1"} })), []string{`spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`}},
		"external policy":         {svc: newService(serviceType("NodePort"), spec(func(spec *corev1.ServiceSpec) { spec.ExternalTrafficPolicy = "Local" }))},
		"external policy inside":  {newService(spec(func(spec *corev1.ServiceSpec) { spec.ExternalTrafficPolicy = "Local" })), []string{`spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services`}},
		"unknown external policy": {newService(serviceType("NodePort"), spec(func(spec *corev1.ServiceSpec) { spec.ExternalTrafficPolicy = "Node" })), []string{`spec.externalTrafficPolicy: Unsupported value: "Node": supported values: "Cluster", "Local"`}},
		"health check port":       {svc: newService(serviceType("LoadBalancer"), spec(func(spec *corev1.ServiceSpec) { spec.ExternalTrafficPolicy, spec.HealthCheckNodePort = "Local", 30005 }))},
		"no need of health check": {newService(spec(func(spec *corev1.ServiceSpec) { spec.HealthCheckNodePort = 30005 })), []string{"spec.healthCheckNodePort: Invalid value: 30005: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"}},
		"internal policy": {svc: newService(spec(func(spec *corev1.ServiceSpec) {
			spec.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicyLocal)
		}))},
		"unknown internal policy": {newService(spec(func(spec *corev1.ServiceSpec) {
			spec.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicy("x"))
		})), []string{`spec.internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"`}},
		"distribution":              {svc: newService(spec(func(spec *corev1.ServiceSpec) { spec.TrafficDistribution = new("PreferSameNode") }))},
		"unknown distribution":      {newService(spec(func(spec *corev1.ServiceSpec) { spec.TrafficDistribution = new("x") })), []string{`spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"`}},
		"source ranges":             {svc: newService(serviceType("LoadBalancer"), spec(func(spec *corev1.ServiceSpec) { spec.LoadBalancerSourceRanges = []string{" 10.0.0.0/8 "} }))},
		"source ranges inside":      {newService(spec(func(spec *corev1.ServiceSpec) { spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"} })), []string{"spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"}},
		"load balancer class":       {svc: newService(serviceType("LoadBalancer"), spec(func(spec *corev1.ServiceSpec) { spec.LoadBalancerClass = new("example.com/fast") }))},
		"class of no balancer":      {newService(spec(func(spec *corev1.ServiceSpec) { spec.LoadBalancerClass = new("example.com/fast") })), []string{"spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"}},
		"node ports of no balancer": {newService(spec(func(spec *corev1.ServiceSpec) { spec.AllocateLoadBalancerNodePorts = new(true) })), []string{"spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'"}},
		"selector":                  {newService(spec(func(spec *corev1.ServiceSpec) { spec.Selector = map[string]string{"app": "a b"} })), []string{`spec.selector: Invalid value: "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`}},
		"name with a digit first":   {svc: newService(named("1web"))},
		"name with dots":            {newService(named("web.example")), []string{`metadata.name: Invalid value: "web.example": must not contain dots`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Service.Validate(test.svc))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func affinity(seconds int32) func(*corev1.Service) {
	return spec(func(spec *corev1.ServiceSpec) {
		spec.SessionAffinity = corev1.ServiceAffinityClientIP
		spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
	})
}

func TestServiceChanges(t *testing.T) {
	dual := func(svc *corev1.Service) {
		ips("10.96.0.5", "fd00::5")(svc)
		svc.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		svc.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack)
	}
	balancer := func(port int32, class string) func(*corev1.Service) {
		return func(svc *corev1.Service) {
			svc.Spec.Type, svc.Spec.ExternalTrafficPolicy, svc.Spec.HealthCheckNodePort = "LoadBalancer", "Local", port
			svc.Spec.LoadBalancerClass = &class
		}
	}
	for name, test := range map[string]struct {
		old, svc *corev1.Service
		want     []string
	}{
		"ports":                     {old: newService(), svc: newService(ports(corev1.ServicePort{Port: 81}))},
		"the address":               {newService(), newService(ips("10.96.0.6")), []string{`spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set`}},
		"the address to none":       {newService(), newService(ips("None")), []string{`spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set`}},
		"the address away":          {newService(), newService(ips()), []string{"spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"}},
		"to a name":                 {old: newService(), svc: newService(externalName("example.com"))},
		"a second address":          {old: newService(), svc: newService(dual)},
		"the second address away":   {old: newService(dual), svc: newService()},
		"the first of two":          {newService(dual), newService(dual, ips("10.96.0.6", "fd00::5")), []string{`spec.clusterIPs[0]: Invalid value: ["10.96.0.6","fd00::5"]: may not change once set`}},
		"the family":                {newService(ips("None")), newService(ips("None"), spec(func(spec *corev1.ServiceSpec) { spec.IPFamilies[0] = corev1.IPv6Protocol })), nil},
		"the health check port":     {newService(balancer(30001, "a/b")), newService(balancer(30002, "a/b")), []string{"spec.healthCheckNodePort: Forbidden: field is immutable"}},
		"the load balancer's class": {newService(balancer(30001, "a/b")), newService(balancer(30001, "c/d")), []string{`spec.loadBalancerClass: Invalid value: "c/d": may not change once set`}},
		"an old address with zeros": {old: newService(ips("10.96.0.05")), svc: newService(ips("10.96.0.05"))},
		"without a version":         {newService(), newService(func(svc *corev1.Service) { svc.ResourceVersion = "" }), []string{`metadata.resourceVersion: Invalid value: "": must be specified for an update`}},
		"another name":              {newService(), newService(named("shop")), []string{`metadata.name: Invalid value: "shop": field is immutable`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Service.ValidateUpdate(test.svc, test.old))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// A changed type takes away what the old type was given, unless the client changed it as well.
func TestServiceTypeDropsFields(t *testing.T) {
	balancer := newService(serviceType("LoadBalancer"), ports(corev1.ServicePort{Port: 80, NodePort: 30001}), spec(func(spec *corev1.ServiceSpec) {
		spec.ExternalTrafficPolicy, spec.HealthCheckNodePort, spec.LoadBalancerClass = "Local", 30002, new("a/b")
	}))
	change := func(from *corev1.Service, changes ...func(*corev1.Service)) *corev1.Service {
		svc := from.DeepCopy()
		for _, f := range changes {
			f(svc)
		}
		Service.PrepareUpdate(svc, from)
		return svc
	}
	got := change(balancer, serviceType("ClusterIP"))
	want := newService()
	want.Spec.Ports[0].TargetPort = intstr.FromInt(80)
	if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
		t.Errorf("to ClusterIP (-want +got):\n%s", diff)
	}
	got = change(balancer, serviceType("ClusterIP"), func(svc *corev1.Service) { svc.Spec.Ports[0].NodePort = 30009 })
	if got.Spec.Ports[0].NodePort != 30009 {
		t.Errorf("a changed node port was dropped: %v", got.Spec.Ports)
	}
	got = change(newService(), serviceType("ExternalName"))
	if got.Spec.ClusterIP != "" || got.Spec.ClusterIPs != nil || got.Spec.IPFamilies != nil || got.Spec.IPFamilyPolicy != nil {
		t.Errorf("to ExternalName: %+v", got.Spec)
	}
	got = change(newService(), serviceType("ExternalName"), ips("10.96.0.9"))
	if got.Spec.ClusterIP != "10.96.0.9" {
		t.Errorf("a changed address was dropped: %+v", got.Spec)
	}
	balancer.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
	if got := change(balancer, serviceType("NodePort")); len(got.Status.LoadBalancer.Ingress) > 0 {
		t.Errorf("the load balancer's status stayed: %v", got.Status)
	}
	if got := change(balancer); len(got.Status.LoadBalancer.Ingress) != 1 {
		t.Errorf("the load balancer's status went: %v", got.Status)
	}
}

func TestServiceDefaults(t *testing.T) {
	svc := &corev1.Service{Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, SessionAffinity: corev1.ServiceAffinityClientIP,
		Ports: []corev1.ServicePort{{Port: 80}, {Port: 81, TargetPort: intstr.FromString("http")}},
	}}
	defaultService(svc)
	want := corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, SessionAffinity: corev1.ServiceAffinityClientIP,
		SessionAffinityConfig: &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(int32(10800))}},
		Ports: []corev1.ServicePort{
			{Port: 80, Protocol: "TCP", TargetPort: intstr.FromInt(80)}, {Port: 81, Protocol: "TCP", TargetPort: intstr.FromString("http")},
		},
		ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyCluster, AllocateLoadBalancerNodePorts: new(true),
		InternalTrafficPolicy: new(corev1.ServiceInternalTrafficPolicyCluster),
	}
	if diff := cmp.Diff(want, svc.Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := svc.DeepCopy()
	defaultService(again)
	if diff := cmp.Diff(svc, again); diff != "" {
		t.Errorf("defaulting twice changes:\n%s", diff)
	}
}

func TestServiceStatus(t *testing.T) {
	status := func(kind corev1.ServiceType, ingress corev1.LoadBalancerIngress) *corev1.Service {
		svc := newService(serviceType(kind))
		svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{ingress}
		return svc
	}
	vip := new(corev1.LoadBalancerIPModeVIP)
	for name, test := range map[string]struct {
		svc  *corev1.Service
		want []string
	}{
		"address":             {svc: status("LoadBalancer", corev1.LoadBalancerIngress{IP: "192.0.2.1", IPMode: vip})},
		"name":                {svc: status("LoadBalancer", corev1.LoadBalancerIngress{Hostname: "example.com"})},
		"of no load balancer": {status("ClusterIP", corev1.LoadBalancerIngress{IP: "192.0.2.1", IPMode: vip}), []string{"status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"}},
		"malformed address":   {status("LoadBalancer", corev1.LoadBalancerIngress{IP: "192.0.2", IPMode: vip}), []string{`status.loadBalancer.ingress[0].ip: Invalid value: "192.0.2": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`}},
		"no mode":             {status("LoadBalancer", corev1.LoadBalancerIngress{IP: "192.0.2.1"}), []string{"status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set"}},
		"mode alone":          {status("LoadBalancer", corev1.LoadBalancerIngress{IPMode: vip}), []string{"status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set"}},
		"address for a name":  {status("LoadBalancer", corev1.LoadBalancerIngress{Hostname: "192.0.2.1"}), []string{`status.loadBalancer.ingress[0].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(Service.Status.ValidateUpdate(test.svc, newService(serviceType(test.svc.Spec.Type))))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServiceRow(t *testing.T) {
	for name, test := range map[string]struct {
		svc  *corev1.Service
		want []any
	}{
		"address":  {newService(), []any{"web", "ClusterIP", "10.96.0.5", "<none>", "80/TCP", "<unknown>", "<none>"}},
		"headless": {newService(ips("None"), ports()), []any{"web", "ClusterIP", "None", "<none>", "<none>", "<unknown>", "<none>"}},
		"node ports": {
			newService(serviceType("NodePort"), ports(corev1.ServicePort{Port: 80, NodePort: 30080}, corev1.ServicePort{Port: 53, Protocol: "UDP"}), spec(func(spec *corev1.ServiceSpec) { spec.Selector = map[string]string{"b": "2", "a": "1"} })),
			[]any{"web", "NodePort", "10.96.0.5", "<none>", "80:30080/TCP,53/UDP", "<unknown>", "a=1,b=2"},
		},
		"waiting for a load balancer": {newService(serviceType("LoadBalancer")), []any{"web", "LoadBalancer", "10.96.0.5", "<pending>", "80/TCP", "<unknown>", "<none>"}},
		"load balancer": {
			newService(serviceType("LoadBalancer"), func(svc *corev1.Service) {
				svc.Spec.ExternalIPs = []string{"192.0.2.9"}
				svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: "lb.example.com"}, {IP: "192.0.2.1"}}
			}),
			[]any{"web", "LoadBalancer", "10.96.0.5", "192.0.2.1,lb.example.com,192.0.2.9", "80/TCP", "<unknown>", "<none>"},
		},
		"a name": {newService(externalName("example.com"), ports()), []any{"web", "ExternalName", "<none>", "example.com", "<none>", "<unknown>", "<none>"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Service.Row(test.svc)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServiceWarnings(t *testing.T) {
	for name, test := range map[string]struct {
		svc  *corev1.Service
		want []string
	}{
		"nothing": {svc: newService()},
		"headless": {newService(ips("None"), spec(func(spec *corev1.ServiceSpec) {
			spec.ExternalIPs, spec.SessionAffinity = []string{"192.0.2.1"}, corev1.ServiceAffinityClientIP
		})), []string{"spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"}},
		"external addresses": {newService(spec(func(spec *corev1.ServiceSpec) { spec.ExternalIPs = []string{"192.0.2.1"} })),
			[]string{"spec.externalIPs is deprecated and may no longer be implemented in some clusters"}},
		"a name unused": {newService(spec(func(spec *corev1.ServiceSpec) { spec.ExternalName = "example.com" })),
			[]string{`spec.externalName is ignored when spec.type is not "ExternalName"`}},
		"the older distribution": {newService(spec(func(spec *corev1.ServiceSpec) { spec.TrafficDistribution = new("PreferClose") })),
			[]string{`spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Service.Warn(test.svc, nil)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
