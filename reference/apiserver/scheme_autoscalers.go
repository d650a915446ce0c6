package apiserver

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/plumbline/plumbline/reference/kind"
)

// addAutoscalers makes autoscaling/v1 show the autoscalers that are stored as those of autoscaling/v2.
func addAutoscalers(s *runtime.Scheme) error {
	convert := []struct {
		from, to any
		with     conversion.ConversionFunc
	}{
		{&autoscalingv1.HorizontalPodAutoscaler{}, &autoscalingv2.HorizontalPodAutoscaler{}, func(a, b any, _ conversion.Scope) error {
			kind.AutoscalerFromV1(a.(*autoscalingv1.HorizontalPodAutoscaler), b.(*autoscalingv2.HorizontalPodAutoscaler))
			return nil
		}},
		{&autoscalingv2.HorizontalPodAutoscaler{}, &autoscalingv1.HorizontalPodAutoscaler{}, func(a, b any, _ conversion.Scope) error {
			return kind.AutoscalerToV1(a.(*autoscalingv2.HorizontalPodAutoscaler), b.(*autoscalingv1.HorizontalPodAutoscaler))
		}},
		{&autoscalingv1.HorizontalPodAutoscalerList{}, &autoscalingv2.HorizontalPodAutoscalerList{}, func(a, b any, _ conversion.Scope) error {
			in, out := a.(*autoscalingv1.HorizontalPodAutoscalerList), b.(*autoscalingv2.HorizontalPodAutoscalerList)
			out.ListMeta, out.Items = in.ListMeta, make([]autoscalingv2.HorizontalPodAutoscaler, len(in.Items))
			for i := range in.Items {
				kind.AutoscalerFromV1(&in.Items[i], &out.Items[i])
			}
			return nil
		}},
		{&autoscalingv2.HorizontalPodAutoscalerList{}, &autoscalingv1.HorizontalPodAutoscalerList{}, func(a, b any, _ conversion.Scope) error {
			in, out := a.(*autoscalingv2.HorizontalPodAutoscalerList), b.(*autoscalingv1.HorizontalPodAutoscalerList)
			out.ListMeta, out.Items = in.ListMeta, make([]autoscalingv1.HorizontalPodAutoscaler, len(in.Items))
			for i := range in.Items {
				if err := kind.AutoscalerToV1(&in.Items[i], &out.Items[i]); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	for _, c := range convert {
		if err := s.AddConversionFunc(c.from, c.to, c.with); err != nil {
			return err
		}
	}
	s.AddTypeDefaultingFunc(&autoscalingv1.HorizontalPodAutoscaler{}, func(obj any) {
		kind.DefaultAutoscalerV1(obj.(*autoscalingv1.HorizontalPodAutoscaler))
	})
	s.AddTypeDefaultingFunc(&autoscalingv1.HorizontalPodAutoscalerList{}, func(obj any) {
		for i := range obj.(*autoscalingv1.HorizontalPodAutoscalerList).Items {
			kind.DefaultAutoscalerV1(&obj.(*autoscalingv1.HorizontalPodAutoscalerList).Items[i])
		}
	})
	return nil
}
