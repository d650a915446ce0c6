package invariants

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
)

// versionWentBack compares within one watch only, where later events are of later versions. A list may be answered from
// a cache, and versions that are no numbers have no order that anybody else knows.
func versionWentBack(before, after *Sight) string {
	if before == nil || before.Stream != after.Stream {
		return ""
	}
	was, err := strconv.ParseUint(before.Object.GetResourceVersion(), 10, 64)
	is, err2 := strconv.ParseUint(after.Object.GetResourceVersion(), 10, 64)
	if err != nil || err2 != nil || is >= was {
		return ""
	}
	return fmt.Sprintf("it was at resourceVersion %d, and a later event of the same watch is of %d", was, is)
}

func tellVersion(o Object) string { return "metadata.resourceVersion " + o.GetResourceVersion() }

// deletionPutOff: upstream lets a deletion come sooner, by a second request with a shorter period, and never later. Where that
// comes after the first period's end, as a node's last word does, the timestamp becomes the present: the past cannot be
// promised any more.
func deletionPutOff(before, after *Sight) string {
	if before == nil || before.Object.GetDeletionTimestamp() == nil {
		return ""
	}
	was, is := before.Object.GetDeletionTimestamp(), after.Object.GetDeletionTimestamp()
	switch {
	case is == nil:
		return "it was being deleted, and then it was not"
	case is.After(was.Time) && !shortened(before.Object.GetDeletionGracePeriodSeconds(), after.Object.GetDeletionGracePeriodSeconds()):
		return fmt.Sprintf("its deletion was put off by %s", is.Sub(was.Time))
	}
	return ""
}

func shortened(was, is *int64) bool { return was != nil && is != nil && *is < *was }

func tellDeletion(o Object) string {
	if at := o.GetDeletionTimestamp(); at != nil {
		text := "metadata.deletionTimestamp " + at.UTC().Format("15:04:05")
		if period := o.GetDeletionGracePeriodSeconds(); period != nil {
			text += fmt.Sprintf(", deletionGracePeriodSeconds %d", *period)
		}
		return text
	}
	return "no metadata.deletionTimestamp"
}

func countsOutOfOrder(_, after *Sight) string {
	set, ok := after.Object.(*appsv1.ReplicaSet)
	if !ok {
		return ""
	}
	s := set.Status
	switch {
	case s.ReadyReplicas > s.Replicas:
		return fmt.Sprintf("its status counts %d ready replicas among %d", s.ReadyReplicas, s.Replicas)
	case s.AvailableReplicas > s.ReadyReplicas:
		return fmt.Sprintf("its status counts %d available replicas, of which %d are ready", s.AvailableReplicas, s.ReadyReplicas)
	}
	return ""
}

func tellCounts(o Object) string {
	if set, ok := o.(*appsv1.ReplicaSet); ok {
		return fmt.Sprintf("status.replicas %d, readyReplicas %d, availableReplicas %d", set.Status.Replicas, set.Status.ReadyReplicas, set.Status.AvailableReplicas)
	}
	return ""
}
