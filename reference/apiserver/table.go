package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/plumbline/plumbline/reference/kind"
)

// newTableConvertor prints a kind by its columns, or by name and age when it has none.
func newTableConvertor(k *kind.Kind) rest.TableConvertor {
	if k.Row == nil {
		return rest.NewDefaultTableConvertor(k.GroupVersion.WithResource(k.Resource).GroupResource())
	}
	return tableConvertor{kind: k}
}

// tableConvertor makes the rows that kubectl prints. The object that goes with a row is cut down to its metadata later, by
// the library, when the client asks for no more.
type tableConvertor struct {
	kind *kind.Kind
}

func (c tableConvertor) ConvertToTable(_ context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	switch options := tableOptions.(type) {
	case nil:
		table.ColumnDefinitions = c.kind.Columns
	case *metav1.TableOptions:
		if options == nil || !options.NoHeaders {
			table.ColumnDefinitions = c.kind.Columns
		}
	default:
		return nil, fmt.Errorf("unrecognized type %T for table options, can't display tabular output", tableOptions)
	}
	add := func(obj runtime.Object) error {
		table.Rows = append(table.Rows, metav1.TableRow{
			Cells: c.kind.Row(obj), Conditions: rowConditions(obj), Object: runtime.RawExtension{Object: obj},
		})
		return nil
	}
	if list, err := meta.ListAccessor(object); err == nil && meta.IsListType(object) {
		table.ResourceVersion = list.GetResourceVersion()
		table.Continue = list.GetContinue()
		table.RemainingItemCount = list.GetRemainingItemCount()
		return table, meta.EachListItem(object, add)
	}
	common, err := meta.CommonAccessor(object)
	if err != nil {
		return nil, fmt.Errorf("print a table of %T: %w", object, err)
	}
	table.ResourceVersion = common.GetResourceVersion()
	return table, add(object)
}

// rowConditions marks the rows of finished Pods, as upstream's printer does, for clients that hide them.
func rowConditions(obj runtime.Object) []metav1.TableRowCondition {
	pod, ok := obj.(*corev1.Pod)
	if !ok || pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		return nil
	}
	message := "The pod has completed successfully."
	if pod.Status.Phase == corev1.PodFailed {
		message = "The pod failed."
	}
	return []metav1.TableRowCondition{{
		Type: metav1.RowCompleted, Status: metav1.ConditionTrue, Reason: string(pod.Status.Phase), Message: message,
	}}
}
