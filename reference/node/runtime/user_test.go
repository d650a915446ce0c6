package runtime

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func number(n int64) *int64 { return &n }

func TestUserIsResolved(t *testing.T) {
	image := accounts{
		passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001::/home/web:/bin/sh\nbroken\n",
		group:  "root:x:0:\nweb:x:1001:\nlogs:x:7:web,other\nshared:x:8:other\n",
	}
	for _, test := range []struct {
		name     string
		user     string
		security Security
		want     specs.User
	}{
		{"nobody says anything", "", Security{}, specs.User{AdditionalGids: []uint32{0}}},
		{"the image names a user", "web", Security{}, specs.User{UID: 1000, GID: 1001, AdditionalGids: []uint32{1001, 7}}},
		{"the image gives a number", "1000", Security{}, specs.User{UID: 1000, GID: 1001, AdditionalGids: []uint32{1001, 7}}},
		{"a number that nobody has", "5000", Security{}, specs.User{UID: 5000, AdditionalGids: []uint32{0}}},
		{"user and group", "web:shared", Security{}, specs.User{UID: 1000, GID: 8, AdditionalGids: []uint32{8, 7}}},
		{"user and group numbers", "5000:6000", Security{}, specs.User{UID: 5000, GID: 6000, AdditionalGids: []uint32{6000}}},
		{"runAsUser beats the image's user and group", "web:shared", Security{User: number(0)}, specs.User{AdditionalGids: []uint32{0}}},
		{"runAsGroup", "web", Security{Group: number(42)}, specs.User{UID: 1000, GID: 42, AdditionalGids: []uint32{42, 7}}},
		{"supplementalGroups", "", Security{User: number(1000), SupplementalGroups: []int64{7, 99}}, specs.User{UID: 1000, GID: 1001, AdditionalGids: []uint32{1001, 7, 99}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := image.resolve(test.user, test.security)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
		})
	}
	for _, unknown := range []string{"nobody", "web:nogroup", "-1", "99999999999"} {
		if got, err := image.resolve(unknown, Security{}); err == nil {
			t.Errorf("resolve(%q) = %+v, want an error", unknown, got)
		}
	}
}
