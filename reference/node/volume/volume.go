// Package volume sets up what Pods' volumes need on the node: directories,
// tmpfs, files of config maps and of the downward API.
//
// The layout is the kubelet's: ROOT/pods/UID/volumes/PLUGIN/NAME, so that
// every trace of a Pod lies below one directory.
package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
)

// Source gives what volumes are made of.
type Source interface {
	// ConfigMap returns an object; an error that apierrors.IsNotFound knows
	// when there is none.
	ConfigMap(ctx context.Context, namespace, name string) (*v1.ConfigMap, error)
	// Secret returns one likewise.
	Secret(ctx context.Context, namespace, name string) (*v1.Secret, error)
	// Token returns a token of the Pod's service account.
	Token(ctx context.Context, pod *v1.Pod, source *v1.ServiceAccountTokenProjection) (string, error)
	// Field is the value of a downward API field of the Pod.
	Field(pod *v1.Pod, ref *v1.ObjectFieldSelector) (string, error)
	// Resource is the value of a container's resource.
	Resource(pod *v1.Pod, ref *v1.ResourceFieldSelector) (string, error)
	// Memory is how much memory the node gives to Pods, in bytes.
	Memory() int64
	// Claim returns a claim, as the API server has it now.
	Claim(ctx context.Context, namespace, name string) (*v1.PersistentVolumeClaim, error)
	// PersistentVolume returns a volume likewise.
	PersistentVolume(ctx context.Context, name string) (*v1.PersistentVolume, error)
	// NodeLabels are the node's, by which volumes name the nodes that have them.
	NodeLabels() map[string]string
}

// Volumes are the node's.
type Volumes struct {
	Root   string // of everything
	Source Source
}

// Volume is a volume that is set up.
type Volume struct {
	Path     string // on the node
	ReadOnly bool   // whatever the mount says
}

// Error is a volume that could not be set up.
type Error struct {
	Volume string // the Pod's name for it, or the persistent volume's own
	Err    error
}

// Error is the text of upstream's FailedMount event.
func (e *Error) Error() string {
	return fmt.Sprintf("MountVolume.SetUp failed for volume %q : %v", e.Volume, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// PodDir is the directory of a Pod.
func (v *Volumes) PodDir(uid string) string { return filepath.Join(v.Root, "pods", uid) }

func (v *Volumes) dir(pod *v1.Pod, plugin, name string) string {
	return filepath.Join(v.PodDir(string(pod.UID)), "volumes", "kubernetes.io~"+plugin, name)
}

// SetUp sets up every volume of the Pod, or brings it up to date. It is
// idempotent. The volumes that work are returned also when others do not; the
// error then joins an *Error for each.
func (v *Volumes) SetUp(ctx context.Context, pod *v1.Pod) (map[string]Volume, error) {
	done := map[string]Volume{}
	var failed []error
	for i := range pod.Spec.Volumes {
		spec := &pod.Spec.Volumes[i]
		volume, err := v.setUp(ctx, pod, spec)
		if named := (*Error)(nil); errors.As(err, &named) {
			failed = append(failed, named)
			continue
		}
		if err != nil {
			failed = append(failed, &Error{Volume: spec.Name, Err: err})
			continue
		}
		done[spec.Name] = volume
	}
	return done, errors.Join(failed...)
}

func (v *Volumes) setUp(ctx context.Context, pod *v1.Pod, spec *v1.Volume) (Volume, error) {
	switch {
	case spec.EmptyDir != nil:
		return v.emptyDir(pod, spec.Name, spec.EmptyDir)
	case spec.HostPath != nil:
		return hostPath(spec.HostPath)
	case spec.ConfigMap != nil:
		files, err := v.configMapFiles(ctx, pod, spec.ConfigMap.Name, spec.ConfigMap.Items, spec.ConfigMap.DefaultMode, spec.ConfigMap.Optional)
		if err != nil {
			return Volume{}, err
		}
		return v.project(pod, "configmap", spec.Name, files)
	case spec.Secret != nil:
		files, err := v.secretFiles(ctx, pod, spec.Secret.SecretName, spec.Secret.Items, spec.Secret.DefaultMode, spec.Secret.Optional)
		if err != nil {
			return Volume{}, err
		}
		// What is secret is kept in memory, not on the node's disk.
		if err := v.inMemory(v.dir(pod, "secret", spec.Name)); err != nil {
			return Volume{}, err
		}
		return v.project(pod, "secret", spec.Name, files)
	case spec.DownwardAPI != nil:
		files, err := v.downwardFiles(pod, spec.DownwardAPI.Items, spec.DownwardAPI.DefaultMode)
		if err != nil {
			return Volume{}, err
		}
		return v.project(pod, "downward-api", spec.Name, files)
	case spec.Projected != nil:
		files, err := v.projectedFiles(ctx, pod, spec.Projected)
		if err != nil {
			return Volume{}, err
		}
		// It may hold secrets and tokens.
		if err := v.inMemory(v.dir(pod, "projected", spec.Name)); err != nil {
			return Volume{}, err
		}
		return v.project(pod, "projected", spec.Name, files)
	case spec.PersistentVolumeClaim != nil, spec.Ephemeral != nil:
		return v.claimed(ctx, pod, spec)
	case spec.NFS != nil:
		return v.nfs(ctx, pod, spec.Name, spec.NFS)
	}
	return Volume{}, errNoPlugin
}

// errNoPlugin is said of what this node cannot mount.
var errNoPlugin = errors.New("no volume plugin matched: the node does not support this kind of volume")

// TearDown unmounts and removes everything of a Pod's volumes. A Pod that has
// none is no error.
func (v *Volumes) TearDown(uid string) error {
	dir := v.PodDir(uid)
	mounts, err := mountsBelow(dir)
	if err != nil {
		return fmt.Errorf("list mounts of pod %s: %w", uid, err)
	}
	for _, m := range mounts {
		if err := unix.Unmount(m, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("unmount %s: %w", m, err)
		}
	}
	// Nothing is removed that might still be mounted: it could be the node's.
	if left, err := mountsBelow(dir); err != nil || len(left) > 0 {
		return fmt.Errorf("mounts of pod %s remain: %v: %w", uid, left, err)
	}
	for _, sub := range []string{"volumes", "volume-subpaths"} {
		if err := os.RemoveAll(filepath.Join(dir, sub)); err != nil {
			return fmt.Errorf("remove volumes of pod %s: %w", uid, err)
		}
	}
	return nil
}

// Remove removes the Pod's directory, after TearDown.
func (v *Volumes) Remove(uid string) error {
	if err := v.TearDown(uid); err != nil {
		return err
	}
	if err := os.RemoveAll(v.PodDir(uid)); err != nil {
		return fmt.Errorf("remove directory of pod %s: %w", uid, err)
	}
	return nil
}
