package node

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	v1 "k8s.io/api/core/v1"

	"golang.org/x/sys/unix"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// security merges the Pod's security context into the container's, which wins.
func security(pod *v1.Pod, c *v1.Container) runtime.Security {
	var s runtime.Security
	if p := pod.Spec.SecurityContext; p != nil {
		s.User, s.Group = p.RunAsUser, p.RunAsGroup
		s.SupplementalGroups = slices.Clone(p.SupplementalGroups)
		if p.FSGroup != nil {
			s.SupplementalGroups = append(s.SupplementalGroups, *p.FSGroup)
		}
	}
	sc := c.SecurityContext
	if sc == nil {
		return s
	}
	if sc.RunAsUser != nil {
		s.User = sc.RunAsUser
	}
	if sc.RunAsGroup != nil {
		s.Group = sc.RunAsGroup
	}
	s.Privileged = sc.Privileged != nil && *sc.Privileged
	s.ReadOnlyRootFS = sc.ReadOnlyRootFilesystem != nil && *sc.ReadOnlyRootFilesystem
	s.NoNewPrivileges = sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation
	s.UnmaskedProc = sc.ProcMount != nil && *sc.ProcMount == v1.UnmaskedProcMount
	if sc.Capabilities != nil {
		for _, add := range sc.Capabilities.Add {
			s.AddCapabilities = append(s.AddCapabilities, strings.TrimPrefix(string(add), "CAP_"))
		}
		for _, drop := range sc.Capabilities.Drop {
			s.DropCapabilities = append(s.DropCapabilities, strings.TrimPrefix(string(drop), "CAP_"))
		}
	}
	return s
}

// checkNonRoot refuses a container that says it is not root and would be.
func checkNonRoot(pod *v1.Pod, c *v1.Container, image *runtime.ImageInfo) error {
	nonRoot := pod.Spec.SecurityContext != nil && pod.Spec.SecurityContext.RunAsNonRoot != nil && *pod.Spec.SecurityContext.RunAsNonRoot
	if c.SecurityContext != nil && c.SecurityContext.RunAsNonRoot != nil {
		nonRoot = *c.SecurityContext.RunAsNonRoot
	}
	if !nonRoot {
		return nil
	}
	user := security(pod, c).User
	switch {
	case user != nil && *user == 0:
		return fmt.Errorf("container's runAsUser breaks non-root policy (pod: %q, container: %s)", podRef(pod), c.Name)
	case user != nil:
		return nil
	case image.UID != nil && *image.UID == 0, image.UID == nil && image.Username == "":
		return fmt.Errorf("container has runAsNonRoot and image will run as root (pod: %q, container: %s)", podRef(pod), c.Name)
	case image.UID == nil:
		return fmt.Errorf("container has runAsNonRoot and image has non-numeric user (%s), cannot verify user is non-root (pod: %q, container: %s)",
			image.Username, podRef(pod), c.Name)
	}
	return nil
}

// stopSignal is the one that the container's lifecycle names; 0: the image's.
func stopSignal(c *v1.Container) syscall.Signal {
	if c.Lifecycle == nil || c.Lifecycle.StopSignal == nil {
		return 0
	}
	return unix.SignalNum(string(*c.Lifecycle.StopSignal))
}

// processUser is as whom a process runs; nil when it has ended.
func processUser(pid int) *v1.ContainerUser {
	if pid == 0 {
		return nil
	}
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return nil
	}
	defer f.Close()
	user := v1.LinuxContainerUser{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, rest, _ := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		switch key {
		case "Uid":
			user.UID, _ = strconv.ParseInt(fields[0], 10, 64)
		case "Gid":
			user.GID, _ = strconv.ParseInt(fields[0], 10, 64)
		case "Groups":
			for _, g := range fields {
				if n, err := strconv.ParseInt(g, 10, 64); err == nil {
					user.SupplementalGroups = append(user.SupplementalGroups, n)
				}
			}
		}
	}
	return &v1.ContainerUser{Linux: &user}
}
