package namespace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// findings are what one pass over a namespace's contents met.
type findings struct {
	discovery  error                               // kinds that could not be asked for
	deletion   []error                             // kinds whose objects could not be deleted
	remaining  map[schema.GroupVersionResource]int // objects that are still there
	finalizers map[string]int                      // objects that wait for each finalizer
	counted    bool                                // every kind was counted; false while Pods hold up the others
	wait       time.Duration                       // the longest that what remains may take by itself
}

// calm is what a condition says when all is well.
var calm = []corev1.NamespaceCondition{
	{Type: corev1.NamespaceDeletionDiscoveryFailure, Reason: "ResourcesDiscovered", Message: "All resources successfully discovered"},
	{Type: corev1.NamespaceDeletionGVParsingFailure, Reason: "ParsedGroupVersions", Message: "All legacy kube types successfully parsed"},
	{Type: corev1.NamespaceDeletionContentFailure, Reason: "ContentDeleted", Message: "All content successfully deleted, may be waiting on finalization"},
	{Type: corev1.NamespaceContentRemaining, Reason: "ContentRemoved", Message: "All content successfully removed"},
	{Type: corev1.NamespaceFinalizersRemaining, Reason: "ContentHasNoFinalizers", Message: "All content-preserving finalizers finished"},
}

// decideConditions says how the namespace's deletion goes, in upstream's words. It returns the conditions as they were, and false, when
// they say so already.
func decideConditions(before []corev1.NamespaceCondition, found findings, now time.Time) ([]corev1.NamespaceCondition, bool) {
	conditions, changed := slices.Clone(before), false
	for _, condition := range calm {
		condition.Status = corev1.ConditionFalse
		if reason, message := complaint(condition.Type, found); reason != "" {
			condition.Status, condition.Reason, condition.Message = corev1.ConditionTrue, reason, message
		}
		condition.LastTransitionTime = metav1.Time{Time: now}
		i := slices.IndexFunc(conditions, func(c corev1.NamespaceCondition) bool { return c.Type == condition.Type })
		if i < 0 {
			conditions, changed = append(conditions, condition), true
			continue
		}
		old := conditions[i]
		if old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
		if old != condition {
			conditions[i], changed = condition, true
		}
	}
	return conditions, changed
}

func complaint(condition corev1.NamespaceConditionType, found findings) (reason, message string) {
	switch condition {
	case corev1.NamespaceDeletionDiscoveryFailure:
		var groups *discovery.ErrGroupDiscoveryFailed
		if errors.As(found.discovery, &groups) {
			return "DiscoveryFailed", fmt.Sprintf("Discovery failed for some groups, %d failing: %v", len(groups.Groups), found.discovery)
		}
		if found.discovery != nil {
			return "DiscoveryFailed", found.discovery.Error()
		}
	case corev1.NamespaceDeletionContentFailure:
		if len(found.deletion) > 0 {
			messages := make([]string, len(found.deletion))
			for i, err := range found.deletion {
				messages[i] = err.Error()
			}
			slices.Sort(messages)
			return "ContentDeletionFailed", fmt.Sprintf("Failed to delete all resource types, %d remaining: %v", len(messages), strings.Join(messages, ", "))
		}
	case corev1.NamespaceContentRemaining:
		if found.counted && len(found.remaining) > 0 {
			var parts []string
			for resource, count := range found.remaining {
				parts = append(parts, fmt.Sprintf("%s.%s has %d resource instances", resource.Resource, resource.Group, count))
			}
			slices.Sort(parts)
			return "SomeResourcesRemain", "Some resources are remaining: " + strings.Join(parts, ", ")
		}
	case corev1.NamespaceFinalizersRemaining:
		if found.counted && len(found.finalizers) > 0 {
			var parts []string
			for finalizer, count := range found.finalizers {
				parts = append(parts, fmt.Sprintf("%s in %d resource instances", finalizer, count))
			}
			slices.Sort(parts)
			return "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: " + strings.Join(parts, ", ")
		}
	}
	return "", ""
}
