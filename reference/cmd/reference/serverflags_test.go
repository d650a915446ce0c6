package main

import (
	"net"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// machine is a machine with one address besides the loopback one.
func machine() ([]net.Addr, error) {
	return []net.Addr{
		&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
		&net.IPNet{IP: net.IPv4(192, 0, 2, 5), Mask: net.CIDRMask(24, 32)},
	}, nil
}

func TestServerFlagsAreChecked(t *testing.T) {
	base := []string{"--advertise-address=192.0.2.5", "--node-name=server"}
	for _, tt := range []struct {
		name, flag string
		want       []string // what the message says; none: accepted
	}{
		{"nothing more", "--v=0", nil},
		{"other ranges", "--service-cluster-ip-range=172.30.0.0/24", nil},
		{"no range", "--service-cluster-ip-range=frob", []string{"--service-cluster-ip-range", "frob"}},
		{"an address for a range", "--service-cluster-ip-range=10.0.0.1", []string{"--service-cluster-ip-range", "10.0.0.1"}},
		{"small range", "--service-cluster-ip-range=10.0.0.0/30", []string{"--service-cluster-ip-range", "at least 8"}},
		{"range of Pods", "--service-cluster-ip-range=10.244.7.0/24", []string{"--service-cluster-ip-range", "10.244.7.0/24", "--cluster-cidr", "10.244.0.0/16"}},
		{"range of nodes", "--service-cluster-ip-range=192.0.2.0/24", []string{"--service-cluster-ip-range", "192.0.2.0/24", "192.0.2.5"}},
		{"Pods in the range of nodes", "--cluster-cidr=192.0.0.0/16", []string{"--cluster-cidr", "192.0.2.5"}},
		{"no Pod range", "--cluster-cidr=10.244.0.0", []string{"--cluster-cidr", "10.244.0.0"}},
		{"load balancers", "--load-balancer-range=192.0.2.224/28", nil},
		{"no range of load balancers", "--load-balancer-range=frob", []string{"--load-balancer-range", "frob"}},
		{"load balancers among Services", "--load-balancer-range=10.96.1.0/24", []string{"--load-balancer-range", "10.96.1.0/24", "--service-cluster-ip-range"}},
		{"load balancers among Pods", "--load-balancer-range=10.244.1.0/24", []string{"--load-balancer-range", "10.244.1.0/24", "--cluster-cidr"}},
		{"load balancers among nodes", "--load-balancer-range=192.0.2.0/28", []string{"--load-balancer-range", "192.0.2.0/28", "192.0.2.5"}},
		{"no ports", "--service-node-port-range=frob", []string{"--service-node-port-range", "frob"}},
		{"ports the wrong way round", "--service-node-port-range=40000-30000", []string{"--service-node-port-range"}},
		{"the API's port", "--service-node-port-range=6000-7000", []string{"--service-node-port-range", "6443"}},
		{"port of nobody", "--secure-port=70000", []string{"--secure-port", "70000"}},
		{"no address", "--bind-address=frob", []string{"--bind-address", "frob"}},
		{"loopback to advertise", "--advertise-address=127.0.0.1", []string{"--advertise-address", "127.0.0.1"}},
		{"no name", "--tls-san=a b", []string{"--tls-san", "a b"}},
		{"node name", "--node-name=A_b", []string{"--node-name", "A_b"}},
		{"grace period", "--node-monitor-grace-period=-1s", []string{"--node-monitor-grace-period"}},
		{"etcd", "--etcd-servers=localhost", []string{"--etcd-servers", "localhost"}},
		{"a history that is kept", "--etcd-compaction-interval=0s", nil},
		{"time that runs backwards", "--etcd-compaction-interval=-1s", []string{"--etcd-compaction-interval"}},
		{"data", "--data-dir=", []string{"--data-dir"}},
		{"verbosity", "--v=-1", []string{"--v"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var flags serverFlags
			set := pflag.NewFlagSet("server", pflag.ContinueOnError)
			flags.add(set)
			if err := set.Parse(append(base, tt.flag)); err != nil {
				t.Fatal(err)
			}
			_, err := flags.parse(machine)
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v, want words %q", err, tt.want)
			}
			for _, word := range tt.want {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

func TestUnknownFlagsAreNamed(t *testing.T) {
	for _, args := range [][]string{{"--frob"}, {"--secure-port=x"}, {"frob"}} {
		command := newServerCommand()
		command.SetArgs(args)
		command.SilenceErrors, command.SilenceUsage = true, true
		err := command.Execute()
		if err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(strings.TrimLeft(args[0], "-"), "=x")) {
			t.Errorf("%q: got %v, want it named", args, err)
		}
	}
}
