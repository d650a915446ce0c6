// Late judges a cluster through a connection on which every answer of its API server arrives late, to see that the suite stays sound with
// a target that is slow or far away. The cluster is that of a kubeconfig, such as the one that `make reference` leaves.
//
//	go run ./ci/late KUBECONFIG DELAY COMMAND…
//
// The command is run with KUBECONFIG set to one that leads through the connection.
package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: late KUBECONFIG DELAY COMMAND…")
		os.Exit(2)
	}
	delay, err := time.ParseDuration(os.Args[2])
	if err != nil || delay < 0 {
		fmt.Fprintf(os.Stderr, "late: the delay %q is no time such as 300ms\n", os.Args[2])
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], delay, os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "late:", err)
		os.Exit(1)
	}
}

// run starts the connection, and the command that uses it.
func run(ctx context.Context, kubeconfig string, delay time.Duration, command []string) (err error) {
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig %s: %w", kubeconfig, err)
	}
	if len(config.Clusters) != 1 {
		return fmt.Errorf("the kubeconfig %s has %d clusters, and one is needed", kubeconfig, len(config.Clusters))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	defer func() {
		cancel()
		if broke := <-ended; err == nil {
			err = broke
		}
	}()
	way := delayed{delay: delay}
	for _, cluster := range config.Clusters {
		server, err := url.Parse(cluster.Server)
		if err != nil {
			ended <- listener.Close()
			return fmt.Errorf("the server of %s: %w", kubeconfig, err)
		}
		if cluster.TLSServerName == "" {
			cluster.TLSServerName = server.Hostname() // whom the certificate names
		}
		way.server = server.Host
		server.Host = listener.Addr().String()
		cluster.Server = server.String()
	}
	go func() { ended <- way.serve(ctx, listener) }()
	folder, err := os.MkdirTemp("", "plumbline-late-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write the kubeconfig of the slow connection: %w", err)
	}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.Env = append(os.Environ(), "KUBECONFIG="+path)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	return c.Run()
}
