package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Sentences about autoscalers, and about what is measured.

func autoscalingSentences(sc vocabulary) {
	sc.Step(`^the autoscaler brings (\w+) "([^"]*)" to (\d+) replicas?$`, scaledTo)
	sc.Step(`^(\w+) "([^"]*)" stays at (\d+) replicas? for (\d+) seconds$`, staysAt)
	sc.Step(`^the condition "(\w+)" of HorizontalPodAutoscaler "([^"]*)" becomes "(True|False)" with the reason "(\w+)"$`, conditionBecomes)
	sc.Step(`^the condition "(\w+)" of HorizontalPodAutoscaler "([^"]*)" becomes "(True|False)" with the reason "(\w+)", and says "([^"]*)"$`, conditionSays)
	sc.Step(`^Pod "([^"]*)" is measured to use between "([^"]*)" and "([^"]*)" of (cpu|memory)$`, measuredToUse)
	sc.Step(`^the API comes to list the group "([^"]*)"$`, groupListed)
}

// scaledTo waits for the number that somebody else writes into a target.
func scaledTo(ctx context.Context, kind, name, replicas string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return awaitField(ctx, "spec.replicas", kind, name, fmt.Sprintf("%q", replicas), s.boundMeasured(ctx).within(ctx),
		func(value string, _ bool) bool { return value == replicas })
}

func staysAt(ctx context.Context, kind, name, replicas string, seconds int) error {
	return fieldStays(ctx, "spec.replicas", kind, name, replicas, seconds)
}

func conditionBecomes(ctx context.Context, condition, name, status, reason string) error {
	return conditionSays(ctx, condition, name, status, reason, "")
}

func conditionSays(ctx context.Context, condition, name, status, reason, says string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("status.conditions[type=%s]", condition)
	expected := fmt.Sprintf("%s, %s", status, reason)
	if says != "" {
		expected += fmt.Sprintf(", with a message that contains %q", says)
	}
	return s.await(ctx, wait{
		kind: "HorizontalPodAutoscaler", options: named(name), limit: s.boundMeasured(ctx).within(ctx), expected: expected,
		what: fmt.Sprintf("the condition %s of HorizontalPodAutoscaler %q", condition, name),
		judge: func(found objects) (bool, string, error) {
			var values [3]string
			for i, field := range []string{"status", "reason", "message"} {
				value, there, err := valueOf(found[name], path+"."+field)
				if err != nil || !there && i == 0 {
					return false, said(found[name], value, there), err
				}
				values[i] = value
			}
			is := values[0] == status && values[1] == reason && strings.Contains(values[2], says)
			return is, strings.Join(values[:], ", "), nil
		},
	})
}

// measuredPods is what Pods use, by the API that kubectl and autoscalers read. It cannot be watched.
func measuredPods() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "metrics.k8s.io", Version: "v1beta1", Resource: "pods"}
}

// boundMeasured is the bound for whatever goes by what is measured. The window of a node's use is the distance of two measurements. Somebody's
// cluster that does not tell it may be as slow as metrics-server usually is; the run's own has only just begun to measure.
func (s *scenario) boundMeasured(ctx context.Context) bound {
	every := usualMeasuring
	nodes, err := s.dynamic.Resource(measuredPods().GroupVersion().WithResource("nodes")).List(ctx, metav1.ListOptions{})
	switch {
	case err == nil && len(nodes.Items) > 0:
		every = windowOf(nodes.Items)
	case !s.env.Outlives:
		return boundAutoscaler
	}
	return afterMeasuring(every)
}

// windowOf is the longest window that any of the measurements tells.
func windowOf(measured []unstructured.Unstructured) time.Duration {
	longest := time.Duration(0)
	for i := range measured {
		text, _, _ := unstructured.NestedString(measured[i].Object, "window")
		window, err := time.ParseDuration(text)
		if err != nil {
			return usualMeasuring
		}
		longest = max(longest, window)
	}
	return longest
}

func measuredToUse(ctx context.Context, pod, least, most, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	low, err := resource.ParseQuantity(least)
	if err != nil {
		return fmt.Errorf("the quantity %q: %w", least, err)
	}
	high, err := resource.ParseQuantity(most)
	if err != nil {
		return fmt.Errorf("the quantity %q: %w", most, err)
	}
	may, err := s.mayDo(ctx, measuring())
	if err != nil {
		return err
	}
	if !may {
		return &Unsupported{Why: "the run's user may not " + measuring().String()}
	}
	what, expected := fmt.Sprintf("the use of %s that is measured of Pod %q", name, pod), fmt.Sprintf("between %s and %s", least, most)
	return s.lookUntil(ctx, what, expected, s.boundMeasured(ctx), func() (string, bool, error) {
		object, err := s.dynamic.Resource(measuredPods()).Namespace(s.namespace).Get(ctx, pod, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsServiceUnavailable(err) {
			return err.Error(), false, nil
		}
		if err != nil {
			return "", false, environment(fmt.Errorf("read the metrics of Pod %q: %w", pod, err))
		}
		used, err := usedBy(object, name)
		return used.String(), err == nil && used.Cmp(low) >= 0 && used.Cmp(high) <= 0, err
	})
}

// groupListed waits until whoever asks which groups there are is told of one. A server that has a group from somebody else may answer
// requests before that.
func groupListed(ctx context.Context, group string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.lookUntil(ctx, "the API server's groups", group+" is one of them", boundAutoscaler, func() (string, bool, error) {
		list, err := s.typed.Discovery().ServerGroups()
		if err != nil {
			return "", false, environment(fmt.Errorf("ask which groups the API server has: %w", err))
		}
		var names []string
		for _, g := range list.Groups {
			names = append(names, g.Name)
		}
		return strings.Join(names, " "), slices.Contains(names, group), nil
	})
}

// usedBy is what the containers of a Pod use together.
func usedBy(object *unstructured.Unstructured, name string) (resource.Quantity, error) {
	var total resource.Quantity
	containers, _, err := unstructured.NestedSlice(object.Object, "containers")
	if err != nil {
		return total, fmt.Errorf("read what is measured of Pod %q: %w", object.GetName(), err)
	}
	for i := range containers {
		value, there, err := valueOf(object, fmt.Sprintf("containers[%d].usage.%s", i, name))
		if err != nil {
			return total, err
		}
		if !there {
			return total, failed(fmt.Sprintf("what is measured of Pod %q", object.GetName()), name+" of every container", "none of one of them")
		}
		quantity, err := resource.ParseQuantity(value)
		if err != nil {
			return total, failed(fmt.Sprintf("what is measured of Pod %q", object.GetName()), "a quantity", value)
		}
		total.Add(quantity)
	}
	return total, nil
}
