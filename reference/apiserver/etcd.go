package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/klog/v2"
)

// maxSocketPath is how long the path of a Unix socket may be (sun_path, with its final zero).
const maxSocketPath = 107

// database is the etcd that runs inside the server.
type database struct {
	etcd      *embed.Etcd
	endpoint  string
	temporary string // a directory to remove at the end, when the data directory's path is too long for a socket
}

// startDatabase runs etcd in dir. It listens on a Unix socket only: whoever can reach etcd can read and write everything,
// past authentication and validation, and Pods on the host's network can reach loopback ports.
func startDatabase(ctx context.Context, dir string) (*database, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of etcd: %w", err)
	}
	d := &database{}
	socket, err := d.socketPath(dir)
	if err != nil {
		return nil, err
	}
	client := url.URL{Scheme: "unix", Path: socket}
	d.endpoint = client.String()

	cfg := embed.NewConfig()
	cfg.Name = "reference"
	cfg.Dir = dir
	cfg.ListenPeerUrls = nil // the only member
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.ListenClientUrls = []url.URL{client}
	cfg.AdvertiseClientUrls = []url.URL{client}
	// What it calls errors at an ordinary start and end is none; what ends it comes out of err.
	cfg.LogLevel = "fatal"
	// A cluster of one elects itself: waiting for other candidates, as the defaults do, only delays the start.
	cfg.TickMs, cfg.ElectionMs = 20, 100

	d.etcd, err = embed.StartEtcd(cfg)
	if err != nil {
		d.removeTemporary()
		return nil, fmt.Errorf("start etcd in %s: %w", dir, err)
	}
	select {
	case <-d.etcd.Server.ReadyNotify():
		return d, nil
	case err = <-d.etcd.Err():
	case <-d.etcd.Server.StopNotify():
		err = errors.New("it stopped")
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.close()
	return nil, fmt.Errorf("wait for etcd in %s: %w", dir, err)
}

func (d *database) socketPath(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the directory of etcd: %w", err)
	}
	socket := filepath.Join(absolute, "client.sock")
	if len(socket) > maxSocketPath {
		if d.temporary, err = os.MkdirTemp("", "etcd-"); err != nil {
			return "", fmt.Errorf("make a directory for the socket of etcd: %w", err)
		}
		socket = filepath.Join(d.temporary, "client.sock")
	}
	// A socket that a killed server left behind would keep this one from listening.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.removeTemporary()
		return "", fmt.Errorf("remove the old socket of etcd: %w", err)
	}
	return socket, nil
}

// err tells of the failure that ends the database before it was closed.
func (d *database) err() <-chan error { return d.etcd.Err() }

func (d *database) close() {
	d.etcd.Close()
	d.removeTemporary()
}

func (d *database) removeTemporary() {
	if d.temporary == "" {
		return
	}
	if err := os.RemoveAll(d.temporary); err != nil {
		klog.ErrorS(err, "Could not remove the directory of the socket of etcd")
	}
}
