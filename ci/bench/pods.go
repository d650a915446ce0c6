package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// namespace holds what the measures make. It goes with the cluster.
	namespace = "bench"
	// podSamples are started one at a time, so that each is a latency and not a share of a queue. A hundred are the fewest
	// of which a 99th percentile says anything.
	podSamples = 100
	// podsAtOnce is how many of them stay before they are removed together, all of them before the next is timed.
	podsAtOnce = 25
	// podPatience is how long one change may take before the measurement is given up.
	podPatience = 2 * time.Minute
)

// podStarts times Pods from the beginning of the create call to the arrival of the first event that has them Ready, both
// on this side.
func podStarts(ctx context.Context, t *trial) error {
	if err := t.warmUp(ctx); err != nil {
		return err
	}
	before, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	var took []float64
	for len(took) < podSamples {
		for range podsAtOnce {
			d, err := t.startPod(ctx, t.pod(fmt.Sprintf("one-%d", len(took)), "wait"))
			if err != nil {
				return err
			}
			took = append(took, d.Seconds()*1000)
		}
		if err := t.removePods(ctx); err != nil {
			return err
		}
		t.say("%d of %d Pods: p50 %s ms", len(took), podSamples, short(quantile(took, 0.5)))
	}
	after, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	t.round.record("pod-cpu", (after.CPU-before.CPU).Seconds()*1000/podSamples)
	t.round.record("pod-p50", quantile(took, 0.5))
	t.round.record("pod-p99", quantile(took, 0.99))
	return nil
}

// pod is one of the workload image that runs one of its subcommands.
func (t *trial) pod(name string, command ...string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app": name}},
		Spec:       t.podSpec(command...),
	}
}

func (t *trial) podSpec(command ...string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{
		Name: "main", Image: t.cluster.WorkloadImage(), ImagePullPolicy: corev1.PullNever, Command: append([]string{"/workload"}, command...),
	}}}
}

// warmUp makes the namespace, once in a cluster, and has one Pod come and go in it. Until the namespace has its
// ServiceAccount, Kubernetes refuses Pods.
func (t *trial) warmUp(ctx context.Context) error {
	_, err := t.clients.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the namespace %s: %w", namespace, err)
	}
	within, cancel := context.WithTimeout(ctx, podPatience)
	defer cancel()
	for {
		_, err := t.startPod(within, t.pod("warm-up", "wait"))
		if err == nil {
			return t.removePods(ctx)
		}
		if !apierrors.IsForbidden(err) {
			return err
		}
		select {
		case <-within.Done():
			return fmt.Errorf("the first Pod is refused for %s: %w", podPatience, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startPod creates a Pod and waits until it is Ready.
func (t *trial) startPod(ctx context.Context, pod *corev1.Pod) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, podPatience)
	defer cancel()
	pods := t.clients.CoreV1().Pods(namespace)
	// There is no version to begin from before the Pod is there, but with its name nothing else can come.
	events, err := pods.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + pod.Name})
	if err != nil {
		return 0, fmt.Errorf("watch Pod %s: %w", pod.Name, err)
	}
	defer events.Stop()
	begun := time.Now()
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return 0, fmt.Errorf("create Pod %s: %w", pod.Name, err)
	}
	err = await(ctx, events, fmt.Sprintf("Pod %s to be Ready", pod.Name), func(event watch.Event) (bool, string) {
		seen, ok := event.Object.(*corev1.Pod)
		if !ok {
			return false, ""
		}
		return isReady(seen), string(seen.Status.Phase)
	})
	return time.Since(begun), err
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// removePods removes all Pods of the namespace and waits until they are gone.
func (t *trial) removePods(ctx context.Context) error {
	if err := t.clients.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return fmt.Errorf("remove the Pods: %w", err)
	}
	return t.awaitNoPods(ctx, labels.Everything())
}

func (t *trial) awaitNoPods(ctx context.Context, which labels.Selector) error {
	ctx, cancel := context.WithTimeout(ctx, podPatience)
	defer cancel()
	pods := t.clients.CoreV1().Pods(namespace)
	list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: which.String()})
	if err != nil {
		return fmt.Errorf("list the Pods: %w", err)
	}
	left := map[string]bool{}
	for i := range list.Items {
		left[list.Items[i].Name] = true
	}
	if len(left) == 0 {
		return nil
	}
	events, err := pods.Watch(ctx, metav1.ListOptions{LabelSelector: which.String(), ResourceVersion: list.ResourceVersion})
	if err != nil {
		return fmt.Errorf("watch the Pods: %w", err)
	}
	defer events.Stop()
	return await(ctx, events, "all Pods to be gone", func(event watch.Event) (bool, string) {
		if pod, ok := event.Object.(*corev1.Pod); ok && event.Type == watch.Deleted {
			delete(left, pod.Name)
		}
		return len(left) == 0, fmt.Sprintf("%d Pods left", len(left))
	})
}

// await reads a watch until what is waited for has come; an error says what it was and what was seen last.
func await(ctx context.Context, events watch.Interface, what string, done func(watch.Event) (bool, string)) error {
	last := "nothing"
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last seen: %s", what, context.Cause(ctx), last)
		case event, more := <-events.ResultChan():
			if !more {
				// A context that ends closes the watch as well.
				return fmt.Errorf("wait for %s: %w; last seen: %s", what, errors.Join(errWatchEnded, context.Cause(ctx)), last)
			}
			if event.Type == watch.Error {
				return fmt.Errorf("wait for %s: %w; last seen: %s", what, apierrors.FromObject(event.Object), last)
			}
			over, seen := done(event)
			if over {
				return nil
			}
			if seen != "" {
				last = seen
			}
		}
	}
}

var errWatchEnded = errors.New("the server ended the watch")
