package node

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// Limits of resolv.conf (upstream's pkg/apis/core/validation).
const (
	maxNameservers  = 3
	maxSearches     = 32
	maxSearchLength = 2048
)

// resolver is the content of a resolv.conf.
type resolver struct {
	servers, searches, options []string
}

// parseResolver reads a resolv.conf.
func parseResolver(data []byte) resolver {
	var r resolver
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			r.servers = append(r.servers, fields[1])
		case "search":
			r.searches = nil // the last line counts
			for _, s := range fields[1:] {
				if s != "." {
					s = strings.TrimSuffix(s, ".")
				}
				r.searches = append(r.searches, s)
			}
		case "options":
			r.options = appendOptions(r.options, fields[1:]...)
		}
	}
	return r
}

// podResolver is what a Pod's DNS policy makes of the node's resolver.
// fellBack: the cluster has no DNS, and the Pod uses the node's.
func podResolver(pod *v1.Pod, node resolver, clusterDNS []string, clusterDomain string) (r resolver, fellBack bool) {
	r = node
	switch pod.Spec.DNSPolicy {
	case v1.DNSNone:
		r = resolver{}
	case v1.DNSDefault:
	case v1.DNSClusterFirst, v1.DNSClusterFirstWithHostNet, "":
		if pod.Spec.HostNetwork && pod.Spec.DNSPolicy != v1.DNSClusterFirstWithHostNet {
			break
		}
		if len(clusterDNS) == 0 {
			fellBack = true
			break
		}
		r = resolver{
			servers: clusterDNS,
			searches: unique(append([]string{
				pod.Namespace + ".svc." + clusterDomain, "svc." + clusterDomain, clusterDomain,
			}, node.searches...)),
			options: []string{"ndots:5"},
		}
	}
	if c := pod.Spec.DNSConfig; c != nil {
		r.servers = unique(append(slices.Clone(r.servers), c.Nameservers...))
		r.searches = unique(append(slices.Clone(r.searches), c.Searches...))
		for _, o := range c.Options {
			if o.Value != nil && *o.Value != "" {
				r.options = appendOptions(r.options, o.Name+":"+*o.Value)
			} else {
				r.options = appendOptions(r.options, o.Name)
			}
		}
	}
	return r, fellBack
}

// fit cuts what resolvers do not read, and says what was cut.
func (r *resolver) fit() (warnings []string) {
	if len(r.servers) > maxNameservers {
		r.servers = r.servers[:maxNameservers]
		warnings = append(warnings, "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "+strings.Join(r.servers, " "))
	}
	all := len(r.searches)
	r.searches = slices.DeleteFunc(slices.Clone(r.searches), func(s string) bool { return len(s) > 253 })
	r.searches = r.searches[:min(len(r.searches), maxSearches)]
	for len(strings.Join(r.searches, " ")) > maxSearchLength {
		r.searches = r.searches[:len(r.searches)-1]
	}
	if len(r.searches) < all {
		warnings = append(warnings, "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "+strings.Join(r.searches, " "))
	}
	return warnings
}

func (r *resolver) String() string {
	var b strings.Builder
	if len(r.searches) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(r.searches, " "))
	}
	for _, s := range r.servers {
		fmt.Fprintf(&b, "nameserver %s\n", s)
	}
	if len(r.options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(r.options, " "))
	}
	return b.String()
}

// appendOptions adds options; one of the same name replaces the earlier.
func appendOptions(options []string, more ...string) []string {
	options = slices.Clone(options)
	for _, o := range more {
		name, _, _ := strings.Cut(o, ":")
		i := slices.IndexFunc(options, func(known string) bool {
			n, _, _ := strings.Cut(known, ":")
			return n == name
		})
		if i >= 0 {
			options[i] = o
		} else {
			options = append(options, o)
		}
	}
	return options
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Resolves says whether the node has name servers to ask.
func Resolves() (bool, error) {
	own, err := nodeResolver()
	return len(own.servers) > 0, err
}

// nodeResolver reads the node's own.
func nodeResolver() (resolver, error) {
	data, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return resolver{}, fmt.Errorf("read the node's resolver: %w", err)
	}
	return parseResolver(data), nil
}
