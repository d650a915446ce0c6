package node

import (
	"runtime/debug"
	"strings"
	"sync"
)

// containerdVersion is the version of the containerd module that this program
// was built with, which is the one that the node image runs.
var containerdVersion = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/containerd/containerd/v2" {
				return strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	return "unknown"
})
