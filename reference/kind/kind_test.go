package kind

import (
	"testing"
)

func TestFields(t *testing.T) {
	for _, test := range []struct {
		kind *Kind
		want []string
	}{
		{&Service, []string{"spec.clusterIP", "spec.type"}},
		{&Node, []string{"spec.unschedulable"}},
		{&Namespace, []string{"status.phase"}},
		{&Event, []string{
			"involvedObject.apiVersion", "involvedObject.fieldPath", "involvedObject.kind", "involvedObject.name", "involvedObject.namespace",
			"involvedObject.resourceVersion", "involvedObject.uid", "reason", "reportingComponent", "source", "type",
		}},
	} {
		set := test.kind.Fields(test.kind.New())
		for _, label := range test.want {
			if !set.Has(label) {
				t.Errorf("%s cannot be selected by %s", test.kind.Resource, label)
			}
		}
		if len(set) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.kind.Resource, set, test.want)
		}
	}
}
