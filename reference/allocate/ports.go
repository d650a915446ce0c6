package allocate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/plumbline/plumbline/reference/kind"
)

// portCandidates yields every node port once, in the order in which they are tried (see bands).
func (s *Services) portCandidates() iter.Seq[string] {
	size := uint64(s.portRange.Size)
	return func(yield func(string) bool) {
		for offset := range bands(size, lowerPart(size, 32, 16, 128)) {
			if !yield(strconv.Itoa(s.portRange.Base + int(offset))) {
				return
			}
		}
	}
}

// allocatePorts takes the node ports and the health check's port that svc lacks, and gives up what it does not need any
// more.
func (t *transaction) allocatePorts(ctx context.Context, svc, old *corev1.Service) error {
	if old == nil {
		if kind.HasNodePorts(svc) {
			if err := t.claimNewPorts(ctx, svc); err != nil {
				return err
			}
		}
		if kind.NeedsHealthCheckPort(svc) {
			return t.claimHealthCheckPort(ctx, svc)
		}
		return nil
	}
	if kind.HasNodePorts(svc) {
		if err := t.claimChangedPorts(ctx, svc, old); err != nil {
			return err
		}
	}
	if kind.HasNodePorts(svc) || kind.HasNodePorts(old) {
		var keep []int
		if kind.HasNodePorts(svc) {
			keep = nodePorts(svc)
		}
		for _, port := range nodePorts(old) {
			if slices.Contains(keep, port) {
				continue
			}
			if err := t.giveUp(ctx, t.services.ports, strconv.Itoa(port)); err != nil {
				return internal(err)
			}
		}
	}
	switch needed, needs := kind.NeedsHealthCheckPort(old), kind.NeedsHealthCheckPort(svc); {
	case needs && !needed:
		return t.claimHealthCheckPort(ctx, svc)
	case needed && !needs:
		if err := t.giveUp(ctx, t.services.ports, strconv.Itoa(int(old.Spec.HealthCheckNodePort))); err != nil {
			return internal(err)
		}
	}
	return nil
}

// claimNewPorts takes the node ports of a new Service. Entries for the same port (one TCP, one UDP) share one node port.
func (t *transaction) claimNewPorts(ctx context.Context, svc *corev1.Service) error {
	ports := svc.Spec.Ports
	shared := map[int32]int32{}
	for i := range ports {
		port := &ports[i]
		if port.NodePort == 0 && !getsNodePorts(svc) {
			continue
		}
		got := shared[port.Port]
		switch {
		case got != 0 && port.NodePort == 0:
			port.NodePort = got
		case got != 0 && port.NodePort != got:
			if err := t.claimPort(ctx, int(port.NodePort)); err != nil {
				return portError(svc, i, port.NodePort, err)
			}
		case got == 0:
			wanted := requestedNodePort(ports, port.Port)
			if wanted == 0 {
				free, err := t.claimAnyPort(ctx)
				if err != nil {
					return internal(fmt.Errorf("failed to allocate a nodePort: %w", err))
				}
				wanted = int32(free)
			} else if err := t.claimPort(ctx, int(wanted)); err != nil {
				return portError(svc, i, wanted, err)
			}
			port.NodePort, shared[port.Port] = wanted, wanted
		}
	}
	return nil
}

// requestedNodePort is the first node port that is chosen for port, or 0.
func requestedNodePort(ports []corev1.ServicePort, port int32) int32 {
	for _, p := range ports {
		if p.Port == port && p.NodePort != 0 {
			return p.NodePort
		}
	}
	return 0
}

// claimChangedPorts takes the node ports that svc has and old has not. A pair of protocol and node port that occurs twice
// is called invalid, as at a create; Kubernetes answers with an internal error here.
func (t *transaction) claimChangedPorts(ctx context.Context, svc, old *corev1.Service) error {
	type pair struct {
		protocol corev1.Protocol
		nodePort int32
	}
	had := nodePorts(old)
	claimed := map[int32]bool{}
	seen := map[pair]bool{}
	for i := range svc.Spec.Ports {
		port := &svc.Spec.Ports[i]
		switch {
		case port.NodePort != 0:
			if slices.Contains(had, int(port.NodePort)) || claimed[port.NodePort] {
				break
			}
			if err := t.claimPort(ctx, int(port.NodePort)); err != nil {
				return portError(svc, i, port.NodePort, err)
			}
			claimed[port.NodePort] = true
		case getsNodePorts(svc):
			free, err := t.claimAnyPort(ctx)
			if err != nil {
				return internal(fmt.Errorf("failed to allocate a nodePort: %w", err))
			}
			port.NodePort = int32(free)
		default:
			continue
		}
		key := pair{port.Protocol, port.NodePort}
		if seen[key] {
			path := field.NewPath("spec", "ports").Index(i).Child("nodePort")
			return invalidService(svc, field.ErrorList{field.Duplicate(path, port.NodePort)})
		}
		seen[key] = true
	}
	return nil
}

// claimHealthCheckPort takes the chosen port, or a free one. Kubernetes answers a port that cannot be had with an internal
// error; since it is the client's choice, it is called invalid here, in the same words.
func (t *transaction) claimHealthCheckPort(ctx context.Context, svc *corev1.Service) error {
	if port := svc.Spec.HealthCheckNodePort; port != 0 {
		if err := t.claimPort(ctx, int(port)); err != nil {
			err = fmt.Errorf("failed to allocate requested HealthCheck NodePort %v: %w", port, err)
			if !refused(err) {
				return internal(err)
			}
			return invalidService(svc, field.ErrorList{field.Invalid(field.NewPath("spec", "healthCheckNodePort"), port, err.Error())})
		}
		return nil
	}
	port, err := t.claimAnyPort(ctx)
	if err != nil {
		return internal(fmt.Errorf("failed to allocate a HealthCheck NodePort %v: %w", port, err))
	}
	svc.Spec.HealthCheckNodePort = int32(port)
	return nil
}

// portError tells of the ith port that its node port cannot be had.
func portError(svc *corev1.Service, i int, nodePort int32, err error) error {
	if !refused(err) {
		return internal(err)
	}
	path := field.NewPath("spec", "ports").Index(i).Child("nodePort")
	return invalidService(svc, field.ErrorList{field.Invalid(path, nodePort, err.Error())})
}

// refused says whether err is about the client's choice, not about etcd.
func refused(err error) bool {
	var noPort *portRangeError
	var noIP *ipRangeError
	return errors.As(err, &noPort) || errors.As(err, &noIP) || errors.Is(err, errPortTaken) || errors.Is(err, errIPTaken) || errors.Is(err, errForeignNet)
}
