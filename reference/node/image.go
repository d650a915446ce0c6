package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// ensureImage finds the container's image or pulls it, as its policy says,
// and tells about it in events (upstream's pkg/kubelet/images). A pull that
// failed also returns what the waiting state says later, during the back-off.
func (w *worker) ensureImage(ctx context.Context, pod *v1.Pod, c *v1.Container) (info runtime.ImageInfo, why *failure, pull string) {
	tell := func(warning bool, reason, message string) {
		w.recordAt(pod, recordEvent{Container: c.Name, Warning: warning, EventReason: reason, EventMsg: message})
	}
	fail := func(reason, message string, retry time.Duration) *failure {
		tell(true, "Failed", "Error: "+reason)
		return &failure{Reason: reason, Message: message, Retry: time.Now().Add(retry)}
	}
	if c.ImagePullPolicy != v1.PullAlways {
		info, err := w.agent.runtime.Image(ctx, c.Image)
		switch {
		case err == nil:
			tell(false, "Pulled", fmt.Sprintf("Container image %q already present on machine and can be accessed by the pod", c.Image))
			return info, nil, ""
		case errors.Is(err, runtime.ErrInvalidImageName):
			message := fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format", c.Image, c.Image)
			tell(true, "InspectFailed", message)
			return info, fail(reasonInvalidImageName, message, retryInterval), ""
		case !errors.Is(err, runtime.ErrImageNotFound):
			message := fmt.Sprintf("Failed to inspect image %q: %v", c.Image, err)
			tell(true, "InspectFailed", message)
			return info, fail("ImageInspectError", message, retryInterval), ""
		case c.ImagePullPolicy == v1.PullNever:
			message := fmt.Sprintf("Container image %q is not present with pull policy of Never", c.Image)
			tell(true, reasonErrImageNeverPull, message)
			return info, fail(reasonErrImageNeverPull, message, retryInterval), ""
		}
	}
	tell(false, "Pulling", fmt.Sprintf("Pulling image %q", c.Image))
	began := time.Now()
	info, err := w.agent.runtime.PullImage(ctx, c.Image)
	if errors.Is(err, runtime.ErrInvalidImageName) {
		message := fmt.Sprintf("Failed to apply default image tag %q: couldn't parse image name %q: invalid reference format", c.Image, c.Image)
		tell(true, "InspectFailed", message)
		return info, fail(reasonInvalidImageName, message, retryInterval), ""
	}
	if err != nil {
		tell(true, "Failed", fmt.Sprintf("Failed to pull image %q: %v", c.Image, err))
		return info, fail(reasonErrImagePull, err.Error(), imageErrorShown), reasonErrImagePull + ": " + err.Error()
	}
	took := time.Since(began).Truncate(time.Millisecond)
	tell(false, "Pulled", fmt.Sprintf("Successfully pulled image %q in %v (%v including waiting). Image size: %v bytes.", c.Image, took, took, info.Size))
	return info, nil, ""
}
