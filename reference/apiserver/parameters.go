package apiserver

import (
	"net/url"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
)

// addParameters teaches a scheme to read the query parameters of subresources. Upstream generates the same from the types.
func addParameters(s *runtime.Scheme) error {
	readers := map[runtime.Object]func(query, runtime.Object) error{
		&corev1.PodExecOptions{}: func(q query, obj runtime.Object) error {
			o := obj.(*corev1.PodExecOptions)
			o.Command = q["command"]
			return q.stream(&o.Container, &o.Stdin, &o.Stdout, &o.Stderr, &o.TTY)
		},
		&corev1.PodAttachOptions{}: func(q query, obj runtime.Object) error {
			o := obj.(*corev1.PodAttachOptions)
			return q.stream(&o.Container, &o.Stdin, &o.Stdout, &o.Stderr, &o.TTY)
		},
		&corev1.PodPortForwardOptions{}: func(q query, obj runtime.Object) error {
			return q.read("ports", &obj.(*corev1.PodPortForwardOptions).Ports)
		},
		&corev1.PodLogOptions{}: func(q query, obj runtime.Object) error {
			return q.log(obj.(*corev1.PodLogOptions))
		},
		&corev1.PodProxyOptions{}: func(q query, obj runtime.Object) error {
			return q.read("path", &obj.(*corev1.PodProxyOptions).Path)
		},
		&corev1.ServiceProxyOptions{}: func(q query, obj runtime.Object) error {
			return q.read("path", &obj.(*corev1.ServiceProxyOptions).Path)
		},
		&corev1.NodeProxyOptions{}: func(q query, obj runtime.Object) error {
			return q.read("path", &obj.(*corev1.NodeProxyOptions).Path)
		},
	}
	for obj, read := range readers {
		err := s.AddConversionFunc((*url.Values)(nil), obj, func(a, b any, _ conversion.Scope) error {
			return read(query(*a.(*url.Values)), b.(runtime.Object))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// query is the query of a request. A parameter that is missing leaves its field alone.
type query map[string][]string

func (q query) stream(container *string, stdin, stdout, stderr, tty *bool) error {
	return q.readAll(map[string]any{"container": container, "stdin": stdin, "stdout": stdout, "stderr": stderr, "tty": tty})
}

func (q query) log(o *corev1.PodLogOptions) error {
	if stream, ok := q["stream"]; ok && len(stream) > 0 {
		o.Stream = &stream[0]
	}
	return q.readAll(map[string]any{
		"container": &o.Container, "follow": &o.Follow, "previous": &o.Previous, "timestamps": &o.Timestamps,
		"sinceSeconds": &o.SinceSeconds, "sinceTime": &o.SinceTime, "tailLines": &o.TailLines, "limitBytes": &o.LimitBytes,
		"insecureSkipTLSVerifyBackend": &o.InsecureSkipTLSVerifyBackend,
	})
}

func (q query) readAll(fields map[string]any) error {
	for name, field := range fields {
		if err := q.read(name, field); err != nil {
			return err
		}
	}
	return nil
}

func (q query) read(name string, field any) error {
	values, ok := q[name]
	if !ok || len(values) == 0 {
		return nil
	}
	switch field := field.(type) {
	case *string:
		*field = values[0]
	case *bool:
		return runtime.Convert_Slice_string_To_bool(&values, field, nil)
	case **int64:
		return runtime.Convert_Slice_string_To_Pointer_int64(&values, field, nil)
	case **metav1.Time:
		return metav1.Convert_Slice_string_To_Pointer_v1_Time(&values, field, nil)
	case *[]int32:
		return metav1.Convert_Slice_string_To_Slice_int32(&values, field, nil)
	}
	return nil
}
