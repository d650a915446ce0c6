package node

import (
	"fmt"
	"slices"

	v1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/node/util/sysctl"
)

// safeSysctls belong to a Pod alone: upstream's pkg/kubelet/sysctl/safe_sysctls.go. A kernel that has one of them not, or not in
// namespaces, refuses to start the container.
var safeSysctls = []string{
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_notsent_lowat",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_slow_start_after_idle",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_wmem",
}

// sysctls are the kernel's parameters that a Pod wants for its namespaces, by
// their names with dots.
func sysctls(pod *v1.Pod) map[string]string {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	wanted := map[string]string{}
	for _, s := range pod.Spec.SecurityContext.Sysctls {
		wanted[sysctl.NormalizeName(s.Name)] = s.Value
	}
	return wanted
}

// admitSysctls refuses what other Pods, or the node, would feel.
func admitSysctls(pod *v1.Pod) *rejection {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	forbidden := func(format string, values ...any) *rejection {
		return &rejection{"SysctlForbidden", "forbidden sysctl: " + fmt.Sprintf(format, values...)}
	}
	for _, s := range pod.Spec.SecurityContext.Sysctls {
		name := sysctl.NormalizeName(s.Name)
		if !slices.Contains(safeSysctls, name) {
			return forbidden("%q not allowlisted", name)
		}
		namespace, _, _ := sysctl.GetNamespace(name)
		if (namespace == sysctl.IPCNamespace && pod.Spec.HostIPC) || (namespace == sysctl.NetNamespace && pod.Spec.HostNetwork) {
			return forbidden("%q not allowed with host %s enabled", name, namespace)
		}
	}
	return nil
}
