// Package shim says where a node's one containerd shim is. Programs that live for a millisecond import it, so that it imports next to nothing.
package shim

import "syscall"

const (
	// Runtime is containerd's name of the shim. By it containerd finds the program containerd-shim-node-v1.
	Runtime = "dev.plumbline.node.v1"
	// Program is the shim itself.
	Program = "/usr/local/bin/shim"
	// Socket is what it serves.
	Socket = "/run/reference/shim.sock"
	// Containerd is the socket of whom it works for, at containerd's own default.
	Containerd = "/run/containerd/containerd.sock"
	// Namespace is containerd's namespace of what it runs.
	Namespace = "reference"
	// State is runc's folder of the containers in the namespace.
	State = "/run/containerd/runc/" + Namespace
)

// Listens says that the shim takes connections.
func Listens() bool {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	return syscall.Connect(fd, &syscall.SockaddrUnix{Name: Socket}) == nil
}
