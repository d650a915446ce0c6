// Command coredns is CoreDNS with what the cluster's DNS needs, and nothing else: the less is compiled in, the sooner it starts.
package main

import (
	"slices"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// ready is the plugin that answers readiness probes.
const ready = "ready"

func main() {
	// Plugins start in this order, and kubernetes waits until it knows the Services. When ready comes before it, as it usually does, the
	// first probe is answered that it is too early, and the next one is a second away. Nobody answers yet when ready comes last.
	dnsserver.Directives = append(slices.DeleteFunc(slices.Clone(dnsserver.Directives), func(name string) bool { return name == ready }), ready)
	coremain.Run()
}
