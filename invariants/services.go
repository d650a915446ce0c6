package invariants

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// holds lists what no other Service may have: cluster addresses, and node ports, each of a protocol. A headless Service
// has no address.
func holds(s *corev1.Service) []string {
	var held []string
	add := func(what string) {
		if !slices.Contains(held, what) {
			held = append(held, what)
		}
	}
	for _, address := range append([]string{s.Spec.ClusterIP}, s.Spec.ClusterIPs...) {
		if address != "" && address != corev1.ClusterIPNone {
			add("address " + address)
		}
	}
	for _, port := range s.Spec.Ports {
		if port.NodePort != 0 {
			protocol := port.Protocol
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			add(fmt.Sprintf("node port %d of %s", port.NodePort, protocol))
		}
	}
	if s.Spec.HealthCheckNodePort != 0 {
		add(fmt.Sprintf("node port %d of TCP", s.Spec.HealthCheckNodePort))
	}
	return held
}

// shared is what two Services both hold, or nothing.
func shared(a, b *corev1.Service) string {
	others := holds(b)
	both := slices.DeleteFunc(holds(a), func(what string) bool { return !slices.Contains(others, what) })
	return strings.Join(both, ", ")
}

func tellHeld(s *corev1.Service) string { return "holds " + strings.Join(holds(s), ", ") }

// judgeAddresses compares a Service with all others. A stream tells of a deletion before it tells of whoever got the
// address next, so what it shows is judged at once. Between streams there is no order: a collision is suspected, and
// read again.
func (j *Judge) judgeAddresses(s *Sight) (breaches []Breach) {
	service, ok := s.Object.(*corev1.Service)
	if !ok {
		return nil
	}
	for uid, other := range j.objects {
		o, ok := other.Object.(*corev1.Service)
		if !ok || uid == service.UID {
			continue
		}
		what := shared(service, o)
		if what == "" {
			continue
		}
		pair := Suspicion{Invariant: AddressesAreUnique, first: o.UID, second: service.UID}
		if other.Stream != s.Stream {
			j.suspect(pair, s.At)
			continue
		}
		breaches = append(breaches, j.sharing(&other.Sight, s, what)...)
	}
	return breaches
}

// sharing is the breach of two Services that hold the same.
func (j *Judge) sharing(before, after *Sight, what string) []Breach {
	was, is := before.Object.(*corev1.Service), after.Object.(*corev1.Service)
	if !j.first(AddressesAreUnique, string(was.UID)+string(is.UID), is.UID) {
		return nil
	}
	return []Breach{{
		Invariant: AddressesAreUnique, Namespace: is.Namespace, Objects: []string{nameOf(was), nameOf(is)},
		Why:    "both hold " + what,
		Before: before.seen(tellHeld(was)), After: after.seen(tellHeld(is)),
	}}
}

// ConfirmSharing judges a suspicion about two Services by three reads, one after the other: the first, the second, and
// the first again. If the first did not change meanwhile, both held the same when the second was read.
func (j *Judge) ConfirmSharing(first, second, again *Sight) []Breach {
	if first == nil || second == nil || again == nil || first.Object.GetResourceVersion() != again.Object.GetResourceVersion() {
		return nil
	}
	a, ok := first.Object.(*corev1.Service)
	b, ok2 := second.Object.(*corev1.Service)
	if !ok || !ok2 || a.UID == b.UID {
		return nil
	}
	if what := shared(a, b); what != "" {
		return j.sharing(first, second, what)
	}
	return nil
}
