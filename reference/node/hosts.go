package node

import (
	"fmt"
	"os"
	"strings"

	v1 "k8s.io/api/core/v1"
)

const (
	hostnameMax = 63
	// nodenameMax is what the kernel keeps of a host name, which may be a full one.
	nodenameMax = 64
)

// podHostname is a Pod's host name, and its domain when a subdomain gives it
// one.
func podHostname(pod *v1.Pod, clusterDomain string) (name, domain string) {
	if pod.Spec.HostnameOverride != nil {
		return truncateHostname(*pod.Spec.HostnameOverride), ""
	}
	name = pod.Name
	if pod.Spec.Hostname != "" {
		name = pod.Spec.Hostname
	}
	if pod.Spec.Subdomain != "" {
		domain = fmt.Sprintf("%s.%s.svc.%s", pod.Spec.Subdomain, pod.Namespace, clusterDomain)
	}
	return truncateHostname(name), domain
}

// kernelHostname is the host name that a Pod's processes see: the full one where the Pod asks for it, has a domain, and does not share the node's network.
// A full name that the kernel cannot keep is an error.
func kernelHostname(pod *v1.Pod, clusterDomain string) (string, error) {
	name, domain := podHostname(pod, clusterDomain)
	if domain == "" || pod.Spec.HostNetwork || pod.Spec.SetHostnameAsFQDN == nil || !*pod.Spec.SetHostnameAsFQDN {
		return name, nil
	}
	full := name + "." + domain
	if len(full) > nodenameMax {
		return "", fmt.Errorf("the host name %s, which the Pod asks for by setHostnameAsFQDN, is too long: it has %d characters, and may have %d", full, len(full), nodenameMax)
	}
	return full, nil
}

func truncateHostname(name string) string {
	if len(name) > hostnameMax {
		name = strings.TrimRight(name[:hostnameMax], "-.")
	}
	return name
}

// hostsFile is a Pod's /etc/hosts.
func hostsFile(pod *v1.Pod, podIP, name, domain string) (string, error) {
	var b strings.Builder
	if pod.Spec.HostNetwork {
		own, err := os.ReadFile("/etc/hosts")
		if err != nil {
			return "", fmt.Errorf("read the node's hosts file: %w", err)
		}
		b.WriteString("# Kubernetes-managed hosts file (host network).\n")
		b.Write(own)
	} else {
		b.WriteString("# Kubernetes-managed hosts file.\n" +
			"127.0.0.1\tlocalhost\n" +
			"::1\tlocalhost ip6-localhost ip6-loopback\n" +
			"fe00::0\tip6-localnet\n" +
			"fe00::0\tip6-mcastprefix\n" +
			"fe00::1\tip6-allnodes\n" +
			"fe00::2\tip6-allrouters\n")
		if domain != "" {
			fmt.Fprintf(&b, "%s\t%s.%s\t%s\n", podIP, name, domain, name)
		} else {
			fmt.Fprintf(&b, "%s\t%s\n", podIP, name)
		}
	}
	if len(pod.Spec.HostAliases) > 0 {
		b.WriteString("\n# Entries added by HostAliases.\n")
		for _, alias := range pod.Spec.HostAliases {
			fmt.Fprintf(&b, "%s\t%s\n", alias.IP, strings.Join(alias.Hostnames, "\t"))
		}
	}
	return b.String(), nil
}
