package runtime

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCapabilities(t *testing.T) {
	defaults := []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"}
	available := []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"} // not NET_RAW
	for _, test := range []struct {
		name     string
		security Security
		want     []string
	}{
		{"the default set, as far as the node has it", Security{}, []string{"CAP_CHOWN", "CAP_KILL"}},
		{"one more", Security{AddCapabilities: []string{"NET_ADMIN"}}, []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN"}},
		{"one more, in full and in small letters", Security{AddCapabilities: []string{"cap_net_admin"}}, []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN"}},
		{"one that the node lacks", Security{AddCapabilities: []string{"SYS_RESOURCE"}}, []string{"CAP_CHOWN", "CAP_KILL"}},
		{"one less", Security{DropCapabilities: []string{"CHOWN"}}, []string{"CAP_KILL"}},
		{"none", Security{DropCapabilities: []string{"ALL"}}, []string{}},
		{"none but one", Security{DropCapabilities: []string{"ALL"}, AddCapabilities: []string{"KILL"}}, []string{"CAP_KILL"}},
		{"all", Security{AddCapabilities: []string{"all"}}, available},
		{"all but one", Security{AddCapabilities: []string{"ALL"}, DropCapabilities: []string{"SYS_ADMIN"}}, []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN"}},
		{"privileged", Security{Privileged: true, DropCapabilities: []string{"ALL"}}, available},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, capabilitiesOf(defaults, test.security, available)); diff != "" {
				t.Errorf("capabilities (-want +got):\n%s", diff)
			}
		})
	}
}
