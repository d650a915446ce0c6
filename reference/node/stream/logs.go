package stream

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
)

// logs answers GET /containerLogs/NAMESPACE/POD/CONTAINER.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	options, err := logOptions(r.URL.Query())
	if err != nil {
		http.Error(w, "Unable to decode query: "+err.Error(), http.StatusBadRequest)
		return
	}
	if invalid(options) {
		http.Error(w, `{"message": "Invalid request."}`, http.StatusUnprocessableEntity)
		return
	}
	name, container := r.PathValue("pod"), r.PathValue("container")
	pod, ok := s.find(r)
	if !ok {
		http.Error(w, fmt.Sprintf("pod %q does not exist", name), http.StatusNotFound)
		return
	}
	if !declares(pod, container) {
		http.Error(w, fmt.Sprintf("container %q not found in pod %q", container, name), http.StatusNotFound)
		return
	}
	instance, err := chooseInstance(pod, container, options.Previous)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	path := s.Host.LogPath(pod, container, instance.attempt)
	flush := func() {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	counted := &counter{Writer: w}
	if options.Follow && !options.Previous {
		ended, release := s.Host.Ended(pod, instance.id)
		defer release()
		flush() // the client hears of the stream before the first line
		err = FollowLog(r.Context(), path, options, time.Now, counted, flush, ended)
	} else {
		err = ReadLog(path, options, time.Now, counted)
	}
	if err != nil && counted.n == 0 && r.Context().Err() == nil {
		http.Error(w, fmt.Sprintf("failed to try resolving symlinks in path %q: %v", path, err), http.StatusBadRequest)
	}
}

type counter struct {
	io.Writer
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += n
	return n, err
}

// invalid tells what the API server would have refused.
func invalid(o *v1.PodLogOptions) bool {
	return (o.TailLines != nil && *o.TailLines < 0) || (o.LimitBytes != nil && *o.LimitBytes < 1) ||
		(o.SinceSeconds != nil && (*o.SinceSeconds < 1 || o.SinceTime != nil))
}

func declares(pod *v1.Pod, container string) bool {
	for _, list := range [][]v1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == container {
				return true
			}
		}
	}
	return false
}

// instance is one run of a container.
type instance struct {
	id      string
	attempt int
}

// chooseInstance finds the run whose log is meant, by upstream's
// validateContainerLogStatus.
func chooseInstance(pod *v1.Pod, container string, previous bool) (instance, error) {
	var st *v1.ContainerStatus
	for _, list := range [][]v1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == container {
				st = &list[i]
			}
		}
	}
	if st == nil {
		return instance{}, fmt.Errorf("container %q in pod %q is not available", container, pod.Name)
	}
	// The restart count numbers the newest run, the one before is one less.
	newest := func(id string) instance { return instance{bareID(id), int(st.RestartCount)} }
	before := func(id string) instance {
		if id == st.ContainerID {
			return newest(id)
		}
		return instance{bareID(id), max(int(st.RestartCount)-1, 0)}
	}
	last := st.LastTerminationState.Terminated
	ended := fmt.Errorf("container %q in pod %q is terminated", container, pod.Name)
	switch {
	case previous:
		if last == nil || last.ContainerID == "" {
			return instance{}, fmt.Errorf("previous terminated container %q in pod %q not found", container, pod.Name)
		}
		return before(last.ContainerID), nil
	case st.State.Running != nil:
		return newest(st.ContainerID), nil
	case st.State.Terminated != nil && st.State.Terminated.ContainerID != "":
		return newest(st.State.Terminated.ContainerID), nil
	case last != nil && last.ContainerID != "":
		return before(last.ContainerID), nil
	case st.State.Terminated != nil, last != nil:
		return instance{}, ended
	case st.State.Waiting != nil:
		why := st.State.Waiting.Reason
		switch why {
		case "ErrImagePull":
			why = "image can't be pulled"
		case "ImagePullBackOff":
			why = "trying and failing to pull image"
		}
		return instance{}, fmt.Errorf("container %q in pod %q is waiting to start: %v", container, pod.Name, why)
	}
	return instance{}, fmt.Errorf("container %q in pod %q is waiting to start - no logs yet", container, pod.Name)
}

func bareID(id string) string {
	_, bare, found := strings.Cut(id, "://")
	if !found {
		return id
	}
	return bare
}
