package volume

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	v1 "k8s.io/api/core/v1"
)

// nfs mounts an export with the node's own mount program. A node that cannot
// says so in the error.
func (v *Volumes) nfs(ctx context.Context, pod *v1.Pod, name string, source *v1.NFSVolumeSource) (Volume, error) {
	dir := v.dir(pod, "nfs", name)
	is, err := mounted(dir)
	if err != nil || is {
		return Volume{Path: dir, ReadOnly: source.ReadOnly}, err
	}
	if err := makeDir(dir, 0o750); err != nil {
		return Volume{}, err
	}
	from := source.Server + ":" + source.Path
	arguments := []string{"-t", "nfs"}
	if source.ReadOnly {
		arguments = append(arguments, "-o", "ro")
	}
	arguments = append(arguments, from, dir)
	output, err := exec.CommandContext(ctx, "mount", arguments...).CombinedOutput()
	if err != nil {
		_ = os.Remove(dir) // empty unless it was mounted after all
		return Volume{}, fmt.Errorf("mount failed: %w\nMounting command: mount\nMounting arguments: -t nfs %s %s\nOutput: %s", err, from, dir, output)
	}
	return Volume{Path: dir, ReadOnly: source.ReadOnly}, nil
}
