package steps

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about storage that outlives Pods.

func storageSentences(sc vocabulary) {
	sc.Step(`^the default storage class is remembered as "([^"]*)"$`, defaultClassRemembered)
	sc.Step(`^Pod "([^"]*)" becomes Ready once its volume is made$`, readyWithVolume)
	sc.Step(`^Pods? "([^"]*)" (?:becomes|become) Ready when what was missing is looked for again$`, readyAtNextTry)
	sc.Step(`^PersistentVolume "([^"]*)" is gone, with what it was made of$`, volumeGone)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" makes the block device "([^"]*)", if its node lets it$`, makesBlockDevice)
	sc.Step(`^Pod "([^"]*)" mounts NFS and becomes Ready, or waits with an event that names "([^"]*)", as its node, which Pod "([^"]*)" has at "([^"]*)", can$`, mountsAsItsNodeCan)
}

// defaultClass marks the class that claims get which name none.
const defaultClass = "storageclass.kubernetes.io/is-default-class"

// defaultClassRemembered finds the class. A cluster without one has nobody who makes volumes, which Kubernetes leaves to others.
func defaultClassRemembered(ctx context.Context, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	classes, err := s.list(ctx, "StorageClass", "")
	if err != nil {
		return err
	}
	var found []string
	policy := ""
	for _, class := range classes.Items {
		if class.GetAnnotations()[defaultClass] == "true" {
			found = append(found, class.GetName())
			policy, _, _ = unstructured.NestedString(class.Object, "reclaimPolicy")
		}
	}
	switch len(found) {
	case 0:
		return &Unsupported{Why: "the cluster has no default storage class, so that nobody makes volumes for claims"}
	case 1:
		if policy == string(corev1.PersistentVolumeReclaimRetain) {
			return &Unsupported{Why: fmt.Sprintf("the default storage class %q keeps volumes when their claims go (reclaimPolicy %s)", found[0], policy)}
		}
		s.store(as, found[0])
		return nil
	}
	return &Unsupported{Why: fmt.Sprintf("the cluster has several default storage classes, %q: which one a claim gets is not the scenario's to say", found)}
}

func readyAtNextTry(ctx context.Context, list string) error {
	for _, pod := range names(list) {
		if err := awaitReady(ctx, pod, true, false, boundMount.within(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func readyWithVolume(ctx context.Context, pod string) error {
	return awaitReady(ctx, pod, true, false, boundVolume.within(ctx))
}

func volumeGone(ctx context.Context, name string) error {
	return presence(ctx, "PersistentVolume", name, false, false, boundVolume.within(ctx))
}

// mountsAsItsNodeCan wants a Pod to be Ready, or an event that says why not. A node whose kernel has NFS and whose root has the program that
// others mount it by has to mount it. Of one that lacks either nothing is known: its agent may do without.
func mountsAsItsNodeCan(ctx context.Context, pod, volume, looker, root string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	must, has, err := s.nodeMountsNFS(ctx, looker, root)
	if err != nil {
		return err
	}
	what, expected := fmt.Sprintf("Pod %q, on a node that has %s", pod, has), "Ready"
	if !must {
		expected = fmt.Sprintf("Ready, or a warning that names %q", volume)
	}
	return s.lookUntil(ctx, what, expected, boundPodStart, func() (string, bool, error) {
		object, err := s.mustGet(ctx, "Pod", pod)
		if err != nil {
			return "", false, err
		}
		is, seen := ready(object)
		if told, err := s.failedMount(ctx, pod, volume); err != nil {
			return "", false, err
		} else if told != "" && !is {
			is, seen = !must, told
		}
		if is { // the report says which of the two it was
			s.observe(what, seen)
		}
		return seen, is, nil
	})
}

// makesBlockDevice leaves out nodes that let nobody make devices, such as those in a user namespace.
func makesBlockDevice(ctx context.Context, container, pod, path string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	o, err := s.execute(ctx, pod, container, "/workload", "mknod", path, "block", "7:200")
	if err != nil {
		return err
	}
	if o.exit != 0 && strings.Contains(o.stderr, "operation not permitted") {
		return &Unsupported{Why: "the node lets no container make devices: " + o.stderr}
	}
	return exits(ctx, 0)
}

// nodeMountsNFS looks at a node through a Pod that has its root as a volume.
func (s *scenario) nodeMountsNFS(ctx context.Context, looker, root string) (bool, string, error) {
	kernel, err := s.executeAside(ctx, looker, "app", "/workload", "cat", "/proc/filesystems")
	if err != nil {
		return false, "", err
	}
	inKernel, program := regexp.MustCompile(`(?m)\tnfs$`).MatchString(kernel.stdout), false
	for _, path := range []string{"/sbin/mount.nfs", "/usr/sbin/mount.nfs"} {
		found, err := s.executeAside(ctx, looker, "app", "/workload", "exists", root+path)
		if err != nil {
			return false, "", err
		}
		program = program || found.exit == 0
	}
	words := map[bool]string{true: "NFS in its kernel", false: "no NFS in its kernel"}[inKernel] + map[bool]string{true: " and mount.nfs", false: " and no mount.nfs"}[program]
	return inKernel && program, words, nil
}

// failedMount is a warning of a Pod that names a volume; empty as long as there is none.
func (s *scenario) failedMount(ctx context.Context, pod, volume string) (string, error) {
	events, err := s.list(ctx, "Event", "")
	if err != nil {
		return "", err
	}
	for _, event := range events.Items {
		about, _, err := lookup(event.Object, "involvedObject")
		if err != nil {
			return "", err
		}
		fields, _ := about.(map[string]any)
		message := show(event.Object["message"])
		if fields["kind"] == "Pod" && fields["name"] == pod && event.Object["type"] == corev1.EventTypeWarning && strings.Contains(message, volume) {
			return show(event.Object["reason"]) + ": " + message, nil
		}
	}
	return "", nil
}
