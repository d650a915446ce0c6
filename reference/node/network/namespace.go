package network

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// handleIn opens a netlink socket inside a network namespace.
func handleIn(ns *os.File) (*netlink.Handle, error) {
	handle, err := netlink.NewHandleAt(netns.NsHandle(ns.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink in the Pod's network namespace: %w", err)
	}
	return handle, nil
}

// Dial connects from inside the network namespace at path ("": the node's).
func Dial(ctx context.Context, path, address string) (net.Conn, error) {
	var dialer net.Dialer
	if path == "" {
		return dialer.DialContext(ctx, "tcp", address)
	}
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// The thread is never unlocked: it ends with this goroutine, and
		// nobody else ever runs in the Pod's namespace.
		runtime.LockOSThread()
		conn, err := dialIn(ctx, &dialer, path, address)
		done <- result{conn, err}
	}()
	got := <-done
	return got.conn, got.err
}

func dialIn(ctx context.Context, dialer *net.Dialer, path, address string) (net.Conn, error) {
	ns, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the network namespace: %w", err)
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter the network namespace: %w", err)
	}
	return dialer.DialContext(ctx, "tcp4", address)
}
