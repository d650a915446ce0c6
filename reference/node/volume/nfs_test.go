package volume

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNFSAttempts(t *testing.T) {
	for _, test := range []struct {
		name   string
		wanted []string
		want   []string
	}{
		{"the newest version first", nil, []string{
			"vers=4.2,addr=10.0.0.9,clientaddr=10.0.0.1", "vers=4.1,addr=10.0.0.9,clientaddr=10.0.0.1",
			"vers=4.0,addr=10.0.0.9,clientaddr=10.0.0.1", "vers=3,addr=10.0.0.9,nolock",
		}},
		{"the version that was asked for", []string{"nfsvers=4.1", "ro"}, []string{"vers=4.1,addr=10.0.0.9,ro,clientaddr=10.0.0.1"}},
		{"the same in another form", []string{"v4.1"}, []string{"vers=4.1,addr=10.0.0.9,clientaddr=10.0.0.1"}},
		{"several options in one", []string{"vers=3,port=9,mountport=9"}, []string{"vers=3,addr=10.0.0.9,port=9,mountport=9,nolock"}},
		{"locks that the user wants", []string{"vers=3", "lock"}, []string{"vers=3,addr=10.0.0.9,lock"}},
		{"what is not for the kernel", []string{"vers=3", "retry=0", "bg", "_netdev", "x-systemd.automount", "nolock"}, []string{"vers=3,addr=10.0.0.9,nolock"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, attempt := range nfsAttempts(test.wanted, "10.0.0.9", "10.0.0.1") {
				got = append(got, strings.Join(attempt, ","))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNFSAddresses(t *testing.T) {
	for _, server := range []string{"127.0.0.1", "::1", "[::1]"} {
		got, client, err := nfsAddresses(context.Background(), server)
		if want := strings.Trim(server, "[]"); err == nil && (got != want || client != want) {
			t.Errorf("%s: %s from %s", server, got, client)
		} else if err != nil && server == "127.0.0.1" {
			t.Error(err)
		}
	}
	if _, _, err := nfsAddresses(context.Background(), "nowhere.invalid"); err == nil || !strings.Contains(err.Error(), "nowhere.invalid") {
		t.Errorf("a server that nobody knows: %v", err)
	}
}
