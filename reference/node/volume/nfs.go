package volume

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
)

// nfsPatience is how long one attempt may take, as long as mount.nfs tries by
// default. A server that does not answer keeps the kernel waiting for longer.
const nfsPatience = 2 * time.Minute

// nfs mounts an export. It is the kernel that speaks NFS; it only has to be
// told the server's address and a version, for which others have the program
// mount.nfs. A node that cannot says so in the error.
func (v *Volumes) nfs(ctx context.Context, pod *v1.Pod, name string, source *v1.NFSVolumeSource, options ...string) (Volume, error) {
	done := Volume{Path: v.dir(pod, "nfs", name), ReadOnly: source.ReadOnly}
	is, err := mounted(done.Path)
	if err != nil || is {
		return done, err
	}
	if source.ReadOnly {
		options = append(options, "ro")
	}
	server, client, err := nfsAddresses(ctx, source.Server)
	if err != nil {
		return Volume{}, err
	}
	if err := makeDir(done.Path, 0o750); err != nil {
		return Volume{}, err
	}
	from := source.Server + ":" + source.Path
	if strings.Contains(source.Server, ":") && !strings.HasPrefix(source.Server, "[") {
		from = "[" + source.Server + "]:" + source.Path // an address of version 6
	}
	for _, options := range nfsAttempts(options, server, client) {
		if err = mountNFS(ctx, from, done.Path, options); !errors.Is(err, errNFSVersion) {
			break
		}
	}
	if err != nil {
		_ = os.Remove(done.Path) // empty unless it was mounted after all
		return Volume{}, err
	}
	return done, nil
}

// nfsAddresses are a server's address, and this node's own on the way there,
// at which servers of NFS 4.0 call back.
func nfsAddresses(ctx context.Context, server string) (string, string, error) {
	// Nothing is sent: connecting a datagram socket chooses the route.
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(strings.Trim(server, "[]"), "2049"))
	if err != nil {
		return "", "", fmt.Errorf("find the NFS server %s: %w", server, err)
	}
	defer conn.Close()
	address := func(a net.Addr) string {
		udp := a.(*net.UDPAddr)
		return (&net.IPAddr{IP: udp.IP, Zone: udp.Zone}).String()
	}
	return address(conn.RemoteAddr()), address(conn.LocalAddr()), nil
}

// nfsAttempts are the options of the mounts to try, the newest version of NFS
// first unless the user's options name one.
func nfsAttempts(wanted []string, server, client string) [][]string {
	var options []string
	version, locking := "", false
	for _, option := range strings.Split(strings.Join(wanted, ","), ",") {
		key, value, _ := strings.Cut(option, "=")
		switch {
		case option == "", key == "retry", key == "bg", key == "fg", key == "_netdev", key == "nofail", strings.HasPrefix(key, "x-"):
			continue // for programs that mount, not for the kernel
		case key == "vers", key == "nfsvers":
			version = value
			continue
		case len(key) > 1 && key[0] == 'v' && value == "" && strings.Trim(key[1:], "01234.") == "":
			version = key[1:]
			continue
		case key == "lock", key == "nolock":
			locking = true
		}
		options = append(options, option)
	}
	versions := []string{"4.2", "4.1", "4.0", "3"}
	if version != "" {
		versions = []string{version}
	}
	var attempts [][]string
	for _, version := range versions {
		attempt := append([]string{"vers=" + version, "addr=" + server}, options...)
		switch {
		case strings.HasPrefix(version, "4"):
			attempt = append(attempt, "clientaddr="+client)
		case !locking:
			// Before version 4 locks are another program's, rpc.statd, which no node has here.
			attempt = append(attempt, "nolock")
		}
		attempts = append(attempts, attempt)
	}
	return attempts
}

// errNFSVersion is that the server, or the kernel, does not know the version.
var errNFSVersion = errors.New("the version of NFS is not known")

// mountNFS mounts by a program of its own, which can be ended: a server that
// does not answer would hold this one for good. No mount is under way when
// it returns.
func mountNFS(ctx context.Context, from, dir string, options []string) error {
	limited, cancel := context.WithTimeout(ctx, nfsPatience)
	defer cancel()
	arguments := []string{"-i", "-t", "nfs", "-o", strings.Join(options, ","), from, dir}
	command := exec.CommandContext(limited, "mount", arguments...)
	command.Env = append(slices.Clone(os.Environ()), "LC_ALL=C")
	said, err := command.CombinedOutput()
	output := string(said)
	switch {
	case err == nil:
		return nil
	case limited.Err() != nil && ctx.Err() == nil:
		err = fmt.Errorf("the server has not answered for %s", nfsPatience)
	case strings.Contains(output, "No such device"), strings.Contains(output, "unknown filesystem type"):
		err = fmt.Errorf("this node's kernel has no NFS: %w", err)
	case strings.Contains(output, "Protocol not supported"), strings.Contains(output, "Invalid argument"):
		err = fmt.Errorf("%w: %w", errNFSVersion, err)
	}
	return fmt.Errorf("mount failed: %w\nMounting command: mount\nMounting arguments: %s\nOutput: %s", err, strings.Join(arguments, " "), output)
}
