package invariants

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func metaOf(name, version string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name), ResourceVersion: version}
}

func podOf(name, version string, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metaOf(name, version)}
	for _, c := range change {
		c(pod)
	}
	return pod
}

func on(node string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = node } }

func in(phase corev1.PodPhase) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase = phase }
}

func restarted(n int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "c", RestartCount: n}}
	}
}

func ready(status corev1.ConditionStatus, since int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status, LastTransitionTime: metav1.NewTime(noon.Add(time.Duration(since) * time.Second))}}
	}
}

func owned(by ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, name := range by {
			p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{Kind: "ReplicaSet", Name: name, Controller: ptr.To(true)})
		}
	}
}

func within(seconds int64) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.DeletionGracePeriodSeconds = &seconds }
}

func ending(second int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.DeletionTimestamp = ptr.To(metav1.NewTime(noon.Add(time.Duration(second) * time.Second)))
	}
}

func set(replicas, ready, available int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{ObjectMeta: metaOf("set", "1"), Status: appsv1.ReplicaSetStatus{Replicas: replicas, ReadyReplicas: ready, AvailableReplicas: available}}
}

func serviceAt(name, address string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{ObjectMeta: metaOf(name, "1"), Spec: corev1.ServiceSpec{ClusterIP: address, ClusterIPs: []string{address}, Ports: ports, Selector: map[string]string{"app": "x"}}}
}

func nodePort(n int32, protocol corev1.Protocol) corev1.ServicePort {
	return corev1.ServicePort{NodePort: n, Protocol: protocol}
}

// told is what a breach comes to in these tables.
type told struct{ Invariant, Why string }

func tell(breaches []Breach) []told {
	var list []told
	for _, b := range breaches {
		list = append(list, told{b.Invariant, b.Why})
	}
	return list
}

// gone marks the last state of a deleted object in a sequence of objects; relisted begins another stream.
type gone struct{ Object }
type relisted struct{ Object }

// judged has a sequence of objects judged, one each second.
func judged(seen []Object) (j *Judge, all []Breach) {
	j = NewJudge(time.Minute, false)
	stream := 1
	for i, o := range seen {
		s := Sight{At: noon.Add(time.Duration(i) * time.Second), Stream: stream, Object: o}
		switch o := o.(type) {
		case gone:
			s.Gone, s.Object = true, o.Object
		case relisted:
			stream++
			s.Stream, s.Object = stream, o.Object
		}
		all = append(all, j.See(s)...)
	}
	return j, all
}

func TestSingleObjects(t *testing.T) {
	for name, c := range map[string]struct {
		seen []Object
		want []told
	}{
		"a Pod's ordinary life": {[]Object{podOf("p", "1"), podOf("p", "2", on("a")), podOf("p", "3", on("a"), in(corev1.PodRunning), restarted(0)),
			podOf("p", "4", on("a"), in(corev1.PodSucceeded), restarted(1)), podOf("p", "5", on("a"), in(corev1.PodSucceeded), restarted(1), ending(9))}, nil},
		"another node":          {[]Object{podOf("p", "1", on("a")), podOf("p", "2", on("b"))}, []told{{NodeNameIsFinal, `it was bound to node "a", and then stood at "b"`}}},
		"no node any more":      {[]Object{podOf("p", "1", on("a")), podOf("p", "2")}, []told{{NodeNameIsFinal, `it was bound to node "a", and then stood at ""`}}},
		"a breach is told once": {[]Object{podOf("p", "1", on("a")), podOf("p", "2", on("b")), podOf("p", "3", on("c"))}, []told{{NodeNameIsFinal, `it was bound to node "a", and then stood at "b"`}}},
		"a Pod of the same name": {[]Object{podOf("p", "1", on("a"), in(corev1.PodFailed), restarted(2)),
			podOf("p", "2", on("b"), in(corev1.PodPending), func(p *corev1.Pod) { p.UID = "another" })}, nil},
		"back from the dead":     {[]Object{podOf("p", "1", in(corev1.PodFailed)), podOf("p", "2", in(corev1.PodRunning))}, []told{{PhaseIsFinal, `it had finished as Failed, and then was "Running"`}}},
		"better than it was":     {[]Object{podOf("p", "1", in(corev1.PodFailed)), podOf("p", "2", in(corev1.PodSucceeded))}, []told{{PhaseIsFinal, `it had finished as Failed, and then was "Succeeded"`}}},
		"restarts fall":          {[]Object{podOf("p", "1", restarted(2)), podOf("p", "2", restarted(1))}, []told{{RestartsNeverFall, `container "c" had been restarted 2 times, and then 1 times`}}},
		"no status for a while":  {[]Object{podOf("p", "1", restarted(2)), podOf("p", "2"), podOf("p", "3", restarted(2))}, nil},
		"one controller":         {[]Object{podOf("p", "1", owned("a"))}, nil},
		"two controllers":        {[]Object{podOf("p", "1", owned("a", "b"))}, []told{{OneController, "it has more than one controller: ReplicaSet a and ReplicaSet b"}}},
		"an older version":       {[]Object{podOf("p", "10"), podOf("p", "9")}, []told{{VersionsNeverGoBack, "it was at resourceVersion 10, and a later event of the same watch is of 9"}}},
		"an older list":          {[]Object{podOf("p", "10"), relisted{podOf("p", "9")}}, nil},
		"versions without order": {[]Object{podOf("p", "b"), podOf("p", "a")}, nil},
		"deleted at an older version": {[]Object{podOf("p", "10"), gone{podOf("p", "9")}},
			[]told{{VersionsNeverGoBack, "it was at resourceVersion 10, and a later event of the same watch is of 9"}}},
		"deleted sooner":                      {[]Object{podOf("p", "1", ending(30)), podOf("p", "2", ending(5))}, nil},
		"deleted later":                       {[]Object{podOf("p", "1", ending(5)), podOf("p", "2", ending(30))}, []told{{DeletionIsNeverPutOff, "its deletion was put off by 25s"}}},
		"deleted later than the period's end": {[]Object{podOf("p", "1", ending(5), within(5)), podOf("p", "2", ending(9), within(0))}, nil},
		"the period begins anew":              {[]Object{podOf("p", "1", ending(5), within(5)), podOf("p", "2", ending(9), within(5))}, []told{{DeletionIsNeverPutOff, "its deletion was put off by 4s"}}},
		"not deleted again":                   {[]Object{podOf("p", "1", ending(5)), podOf("p", "2")}, []told{{DeletionIsNeverPutOff, "it was being deleted, and then it was not"}}},
		"counts in order":                     {[]Object{set(3, 2, 1), set(3, 3, 3), set(0, 0, 0)}, nil},
		"too many ready":                      {[]Object{set(2, 3, 1)}, []told{{CountsAreOrdered, "its status counts 3 ready replicas among 2"}}},
		"too many available":                  {[]Object{set(3, 1, 2)}, []told{{CountsAreOrdered, "its status counts 2 available replicas, of which 1 are ready"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, all := judged(c.seen)
			if diff := cmp.Diff(c.want, tell(all)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBreachNamesBothObservations(t *testing.T) {
	j := NewJudge(time.Minute, false)
	j.See(Sight{At: noon, Stream: 1, Object: podOf("p", "1", on("a"))})
	got := j.See(Sight{At: noon.Add(time.Second), Stream: 1, Object: podOf("p", "2", on("b"))})
	want := []Breach{{Invariant: NodeNameIsFinal, Namespace: "ns", Objects: []string{"Pod ns/p"}, Why: `it was bound to node "a", and then stood at "b"`,
		Before: Seen{noon, "Pod ns/p", "1", `spec.nodeName "a"`}, After: Seen{noon.Add(time.Second), "Pod ns/p", "2", `spec.nodeName "b"`}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAddresses(t *testing.T) {
	both := []told{{AddressesAreUnique, "both hold address 10.0.0.1"}}
	headless := serviceAt("b", corev1.ClusterIPNone)
	for name, c := range map[string]struct {
		seen []Object
		want []told
		late int // suspicions
	}{
		"two of their own":          {[]Object{serviceAt("a", "10.0.0.1"), serviceAt("b", "10.0.0.2")}, nil, 0},
		"the same address":          {[]Object{serviceAt("a", "10.0.0.1"), serviceAt("b", "10.0.0.1")}, both, 0},
		"given back and taken":      {[]Object{serviceAt("a", "10.0.0.1"), gone{serviceAt("a", "10.0.0.1")}, serviceAt("b", "10.0.0.1")}, nil, 0},
		"let go and taken":          {[]Object{serviceAt("a", "10.0.0.1"), serviceAt("a", ""), serviceAt("b", "10.0.0.1")}, nil, 0},
		"headless":                  {[]Object{serviceAt("a", corev1.ClusterIPNone), headless}, nil, 0},
		"the same node port":        {[]Object{serviceAt("a", "10.0.0.1", nodePort(30000, "TCP")), serviceAt("b", "10.0.0.2", nodePort(30000, ""))}, []told{{AddressesAreUnique, "both hold node port 30000 of TCP"}}, 0},
		"of two protocols":          {[]Object{serviceAt("a", "10.0.0.1", nodePort(30000, "TCP")), serviceAt("b", "10.0.0.2", nodePort(30000, "UDP"))}, nil, 0},
		"twice in one Service":      {[]Object{serviceAt("a", "10.0.0.1", nodePort(30000, "TCP"), nodePort(30000, "UDP"))}, nil, 0},
		"by watches without order":  {[]Object{serviceAt("a", "10.0.0.1"), relisted{serviceAt("b", "10.0.0.1")}}, nil, 1},
		"and one of them then gone": {[]Object{serviceAt("a", "10.0.0.1"), relisted{serviceAt("b", "10.0.0.1")}, gone{serviceAt("a", "10.0.0.1")}}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			j, all := judged(c.seen)
			if diff := cmp.Diff(c.want, tell(all)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if late := j.Overdue(noon); len(late) != c.late {
				t.Errorf("suspected: %v, want %d", late, c.late)
			}
		})
	}
}

func TestConfirmSharing(t *testing.T) {
	a, b := serviceAt("a", "10.0.0.1"), serviceAt("b", "10.0.0.1")
	changed := a.DeepCopy()
	changed.ResourceVersion = "2"
	for name, c := range map[string]struct {
		first, second, again *corev1.Service
		want                 int
	}{
		"both hold it":             {a, b, a, 1},
		"the first changed":        {a, b, changed, 0},
		"the second has let it go": {a, serviceAt("b", "10.0.0.2"), a, 0},
	} {
		t.Run(name, func(t *testing.T) {
			j := NewJudge(time.Minute, false)
			j.See(Sight{Stream: 1, Object: a})
			j.See(Sight{Stream: 2, Object: b})
			got := j.ConfirmSharing(&Sight{Object: c.first}, &Sight{Object: c.second}, &Sight{Object: c.again})
			if len(got) != c.want {
				t.Errorf("got %v, want %d", got, c.want)
			}
		})
	}
}

func sliceOf(condition *bool, labels map[string]string, pods ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metaOf("slice", "1")}
	s.Labels = labels
	for _, name := range pods {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Name: name, UID: types.UID(name)},
			Conditions: discoveryv1.EndpointConditions{Ready: condition},
		})
	}
	return s
}

func TestEndpoints(t *testing.T) {
	ours := map[string]string{discoveryv1.LabelServiceName: "s", discoveryv1.LabelManagedBy: managedByController}
	mirrored := map[string]string{discoveryv1.LabelServiceName: "s", discoveryv1.LabelManagedBy: "endpointslicemirroring-controller.k8s.io"}
	custom := map[string]string{discoveryv1.LabelServiceName: "s"}
	service := serviceAt("s", "10.0.0.1")
	published, selectorless := service.DeepCopy(), service.DeepCopy()
	published.Spec.PublishNotReadyAddresses, selectorless.Spec.Selector = true, nil
	unready, good := podOf("p", "2", ready("False", 5)), podOf("p", "1", ready("True", 0))
	still := sliceOf(ptr.To(true), ours, "p")
	for name, c := range map[string]struct {
		seen    []Object
		overdue bool
		now     []*Sight // Pod, Service, slice as they are read after the bound
		want    []told
	}{
		"ready": {[]Object{service, good, still}, false, nil, nil},
		"stays": {[]Object{service, good, still, unready}, true, []*Sight{{Object: unready}, {Object: service}, {Object: still}},
			[]told{{UnreadyIsNoEndpoint, "Pod ns/p is not ready, and has been a ready endpoint of Service s for 57s since"}}},
		"without a condition, which means ready": {[]Object{service, unready, sliceOf(nil, ours, "p")}, true, []*Sight{{Object: unready}, {Object: service}, {Object: sliceOf(nil, ours, "p")}},
			[]told{{UnreadyIsNoEndpoint, "Pod ns/p is not ready, and has been a ready endpoint of Service s for 58s since"}}},
		"the Pod is gone": {[]Object{service, good, still, gone{good}}, true, []*Sight{nil, {Object: service}, {Object: still}},
			[]told{{UnreadyIsNoEndpoint, "Pod ns/p is not ready, and has been a ready endpoint of Service s for 57s since"}}},
		"taken out in time":                  {[]Object{service, good, still, unready, sliceOf(ptr.To(false), ours, "p")}, false, nil, nil},
		"ready again in time":                {[]Object{service, unready, still, podOf("p", "3", ready("True", 7))}, false, nil, nil},
		"taken out, and the watch is late":   {[]Object{service, unready, still}, true, []*Sight{{Object: unready}, {Object: service}, {Object: sliceOf(ptr.To(true), ours)}}, nil},
		"ready again, and the watch is late": {[]Object{service, unready, still}, true, []*Sight{{Object: podOf("p", "3", ready("True", 7))}, {Object: service}, {Object: still}}, nil},
		"ready and unready again meanwhile":  {[]Object{service, unready, still}, true, []*Sight{{Object: podOf("p", "4", ready("False", 9))}, {Object: service}, {Object: still}}, nil},
		"the Service is gone":                {[]Object{service, unready, still}, true, []*Sight{{Object: unready}, nil, {Object: still}}, nil},
		"addresses of unready Pods wanted":   {[]Object{published, unready, still}, false, nil, nil},
		"no selector":                        {[]Object{selectorless, unready, still}, false, nil, nil},
		"mirrored":                           {[]Object{service, unready, sliceOf(ptr.To(true), mirrored, "p")}, false, nil, nil},
		"custom":                             {[]Object{service, unready, sliceOf(ptr.To(true), custom, "p")}, false, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			j := NewJudge(30*time.Second, false)
			for i, o := range c.seen {
				s := Sight{At: noon.Add(time.Duration(i) * time.Second), Stream: 1, Object: o}
				if o, deleted := o.(gone); deleted {
					s.Gone, s.Object = true, o.Object
				}
				if got := j.See(s); len(got) > 0 {
					t.Errorf("told before anybody looked again: %v", got)
				}
			}
			if early := j.Overdue(noon.Add(20 * time.Second)); len(early) > 0 {
				t.Errorf("overdue before the bound: %v", early)
			}
			overdue := j.Overdue(noon.Add(time.Minute))
			if (len(overdue) == 1) != c.overdue {
				t.Fatalf("overdue: %v, want %v", overdue, c.overdue)
			}
			var all []Breach
			for s, since := range overdue {
				for _, sight := range c.now {
					if sight != nil {
						sight.At = noon.Add(time.Minute)
					}
				}
				all = append(all, j.ConfirmUnready(s, since, c.now[0], c.now[1], c.now[2])...)
			}
			if diff := cmp.Diff(c.want, tell(all)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingIsKept wants the judge to forget what is gone.
func TestNothingIsKept(t *testing.T) {
	j := NewJudge(time.Minute, false)
	ours := map[string]string{discoveryv1.LabelServiceName: "s", discoveryv1.LabelManagedBy: managedByController}
	all := []Object{serviceAt("s", "10.0.0.1"), podOf("p", "1", ready("False", 0)), sliceOf(ptr.To(true), ours, "p")}
	for _, o := range all {
		j.See(Sight{At: noon, Stream: 1, Object: o})
	}
	for _, o := range all[:2] {
		j.See(Sight{At: noon, Stream: 1, Gone: true, Object: o})
	}
	j.Replace(kindSlice, "", 2, noon, nil)
	if len(j.objects)+len(j.names)+len(j.suspected) > 0 {
		t.Errorf("left: %v, %v, %v", j.objects, j.names, j.suspected)
	}
}
