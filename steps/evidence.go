package steps

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// evidenceLines is how much of each container's log is kept.
const evidenceLines = 200

// takeEvidence keeps what a person needs to understand a failure: the namespace's objects, its events and its logs. What
// cannot be had is said in its place, and hides nothing else.
func (s *scenario) takeEvidence(ctx context.Context) {
	kinds := []string{"Pod", "ReplicaSet", "Service", "EndpointSlice", "ConfigMap", "PersistentVolumeClaim"}
	if len(s.outside) > 0 {
		kinds = append(kinds, "PersistentVolume")
	}
	for _, kind := range kinds {
		list, err := s.list(ctx, kind, "")
		if err != nil {
			s.env.Evidence.Attach(kind+"s.txt", "text/plain", []byte(err.Error()))
			continue
		}
		if len(list.Items) == 0 {
			continue
		}
		var out strings.Builder
		for _, item := range list.Items {
			item.SetManagedFields(nil)
			text, err := yaml.Marshal(item.Object)
			if err != nil {
				text = []byte("# " + err.Error() + "\n")
			}
			fmt.Fprintf(&out, "---\n%s", text)
		}
		s.env.Evidence.Attach(kind+"s.yaml", "application/yaml", []byte(out.String()))
	}
	s.env.Evidence.Attach("events.txt", "text/plain", []byte(s.eventLines(ctx)))
	pods, err := s.typed.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return // said above already
	}
	for _, pod := range pods.Items {
		for _, container := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			name := fmt.Sprintf("%s-%s.log", pod.Name, container.Name)
			s.env.Evidence.Attach(name, "text/plain", s.logText(ctx, pod.Name, container.Name))
		}
	}
}

func (s *scenario) logText(ctx context.Context, pod, container string) []byte {
	lines := int64(evidenceLines)
	stream, err := s.typed.CoreV1().Pods(s.namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, Timestamps: true, TailLines: &lines}).Stream(ctx)
	if err != nil {
		return []byte(err.Error())
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	if err != nil {
		text = append(text, err.Error()...)
	}
	return text
}

func (s *scenario) eventLines(ctx context.Context) string {
	events, err := s.typed.CoreV1().Events(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	sort.Slice(events.Items, func(i, j int) bool {
		return events.Items[i].CreationTimestamp.Before(&events.Items[j].CreationTimestamp)
	})
	var out strings.Builder
	for _, e := range events.Items {
		fmt.Fprintf(&out, "%s  %-8s %-20s %s/%s  %s\n", e.CreationTimestamp.Format("15:04:05"), e.Type, e.Reason,
			strings.ToLower(e.InvolvedObject.Kind), e.InvolvedObject.Name, e.Message)
	}
	return out.String()
}
