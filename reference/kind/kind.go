// Package kind is the table of the kinds that the reference orchestrator serves. It is pure: defaults, validation,
// preparation and printing of objects, without storage, network or clocks other than an age column's.
//
// What is special about a kind stands in the file of its name. The API server turns each entry into a REST storage.
package kind

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Kind is one entry in the table of served kinds. Functions may be nil where a kind has nothing special.
//
// Every function is called with objects of the type that New returns, never with a nil object unless it says so.
type Kind struct {
	// GroupVersion and Kind name the type on the wire; Resource and Singular name it in paths and for kubectl.
	GroupVersion       schema.GroupVersion
	Kind               string
	Resource, Singular string
	// ShortNames and Categories are what kubectl expands, e.g. po, all.
	ShortNames, Categories []string
	Namespaced             bool

	// New and NewList return an empty object, an empty list.
	New, NewList func() runtime.Object

	// Default fills static defaults. It is applied to every decoded object and to what is read from storage, as
	// upstream's scheme defaulting is, so it must be idempotent and depend on nothing but the object.
	Default func(obj runtime.Object)
	// WarnMended returns texts for Warning headers about what PrepareCreate is going to mend in a new object.
	WarnMended func(obj runtime.Object) []string
	// PrepareCreate drops what a client may not set (the status), and sets what upstream's strategy sets at creation.
	PrepareCreate func(obj runtime.Object)
	// PrepareUpdate keeps the old status and raises the generation when the desired state differs.
	PrepareUpdate func(obj, old runtime.Object)
	// Validate judges a new object, metadata included, with upstream's field paths and words.
	Validate func(obj runtime.Object) field.ErrorList
	// ValidateUpdate judges a change, immutable fields included.
	ValidateUpdate func(obj, old runtime.Object) field.ErrorList
	// Warn returns texts for Warning headers; old is nil at creation.
	Warn func(obj, old runtime.Object) []string

	// Status is the status subresource; nil means that the kind has none.
	Status *Status

	// Fields returns the selectable fields beyond metadata.name and metadata.namespace, e.g. spec.nodeName. It is also
	// called with an empty object, to learn the labels: it always returns every label.
	Fields func(obj runtime.Object) fields.Set

	// Columns and Row are the server-side table, as upstream's printers write it. Priority 1 marks a column of
	// `kubectl get -o wide`. Row returns a cell for each column, wide ones included.
	Columns []metav1.TableColumnDefinition
	Row     func(obj runtime.Object) []any

	// AllowCreateOnUpdate lets a PUT create; AllowUnconditionalUpdate lets a PUT leave out the resource version.
	AllowCreateOnUpdate, AllowUnconditionalUpdate bool

	// GracefulDelete decides about a deletion as upstream's CheckGracefulDelete does: it may set
	// opts.GracePeriodSeconds, and returns true when the object shall stay until its period has passed. Nil means
	// that deletion is immediate.
	GracefulDelete func(obj runtime.Object, opts *metav1.DeleteOptions) bool

	// TTL is how long an object is kept after its last write; 0 is for ever.
	TTL time.Duration
}

// Status says how the status subresource of a kind is updated.
type Status struct {
	// PrepareUpdate keeps everything but the status (and what upstream lets a status update change).
	PrepareUpdate func(obj, old runtime.Object)
	// ValidateUpdate judges the new status.
	ValidateUpdate func(obj, old runtime.Object) field.ErrorList
	// Keeps are fields of the metadata that PrepareUpdate keeps, too: whoever applies a status does not come to own them.
	Keeps []string
}

// Table lists the served kinds.
var Table = []*Kind{
	&Namespace,
	&Node,
	&Pod,
	&Service,
	&Endpoints,
	&EndpointSlice,
	&ConfigMap,
	&Secret,
	&Event,
	&ReplicaSet,
	&Deployment,
	&HorizontalPodAutoscaler,
	&Lease,
	&PersistentVolume,
	&PersistentVolumeClaim,
	&StorageClass,
	&ServiceAccount,
	&Role,
	&RoleBinding,
	&ClusterRole,
	&ClusterRoleBinding,
}
