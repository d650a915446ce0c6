package volume

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// nfs mounts an export with the node's own mount program. A node that cannot
// says so in the error.
func (v *Volumes) nfs(ctx context.Context, pod *v1.Pod, name string, source *v1.NFSVolumeSource, options ...string) (Volume, error) {
	dir := v.dir(pod, "nfs", name)
	is, err := mounted(dir)
	if err != nil || is {
		return Volume{Path: dir, ReadOnly: source.ReadOnly}, err
	}
	if err := makeDir(dir, 0o750); err != nil {
		return Volume{}, err
	}
	from := source.Server + ":" + source.Path
	if source.ReadOnly {
		options = append(options, "ro")
	}
	arguments := []string{"-t", "nfs"}
	if len(options) > 0 {
		arguments = append(arguments, "-o", strings.Join(options, ","))
	}
	arguments = append(arguments, from, dir)
	output, err := exec.CommandContext(ctx, "mount", arguments...).CombinedOutput()
	if err != nil {
		_ = os.Remove(dir) // empty unless it was mounted after all
		return Volume{}, fmt.Errorf("mount failed: %w\nMounting command: mount\nMounting arguments: %s\nOutput: %s", err, strings.Join(arguments, " "), output)
	}
	return Volume{Path: dir, ReadOnly: source.ReadOnly}, nil
}
