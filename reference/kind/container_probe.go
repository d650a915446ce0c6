package kind

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateLifecycleAndProbes judges the hooks and the three probes of a container that runs as long as its Pod.
func (v *specValidator) validateLifecycleAndProbes(c *corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if hooks, path := c.Lifecycle, path.Child("lifecycle"); hooks != nil {
		errs = append(errs, v.validateHook(hooks.PostStart, path.Child("postStart"))...)
		errs = append(errs, v.validateHook(hooks.PreStop, path.Child("preStop"))...)
	}
	if probe, path := c.LivenessProbe, path.Child("livenessProbe"); probe != nil {
		errs = append(errs, v.validateProbe(probe, path)...)
		errs = append(errs, validateOneSuccess(probe, path)...)
	}
	if probe, path := c.ReadinessProbe, path.Child("readinessProbe"); probe != nil {
		errs = append(errs, v.validateProbe(probe, path)...)
		if period := probe.TerminationGracePeriodSeconds; period != nil {
			// Nothing is terminated because it is not ready.
			errs = append(errs, field.Invalid(path.Child("terminationGracePeriodSeconds"), *period, "must not be set for readinessProbes"))
		}
	}
	if probe, path := c.StartupProbe, path.Child("startupProbe"); probe != nil {
		errs = append(errs, v.validateProbe(probe, path)...)
		errs = append(errs, validateOneSuccess(probe, path)...)
	}
	return errs
}

// validateOneSuccess: what has failed is restarted, so that there is nothing for a second success to heal.
func validateOneSuccess(probe *corev1.Probe, path *field.Path) field.ErrorList {
	if probe.SuccessThreshold == 1 {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("successThreshold"), probe.SuccessThreshold, "must be 1")}
}

func (v *specValidator) validateProbe(probe *corev1.Probe, path *field.Path) field.ErrorList {
	errs := v.validateHandler(handler{
		exec: probe.Exec, httpGet: probe.HTTPGet, tcpSocket: probe.TCPSocket, grpc: probe.GRPC,
	}, path)
	for _, number := range []struct {
		name  string
		value int32
	}{
		{"initialDelaySeconds", probe.InitialDelaySeconds},
		{"timeoutSeconds", probe.TimeoutSeconds},
		{"periodSeconds", probe.PeriodSeconds},
		{"successThreshold", probe.SuccessThreshold},
		{"failureThreshold", probe.FailureThreshold},
	} {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(number.value), path.Child(number.name))...)
	}
	if period := probe.TerminationGracePeriodSeconds; period != nil && *period <= 0 {
		errs = append(errs, field.Invalid(path.Child("terminationGracePeriodSeconds"), *period, "must be greater than 0"))
	}
	return errs
}

func (v *specValidator) validateHook(hook *corev1.LifecycleHandler, path *field.Path) field.ErrorList {
	if hook == nil {
		return nil
	}
	return v.validateHandler(handler{exec: hook.Exec, httpGet: hook.HTTPGet, tcpSocket: hook.TCPSocket, sleep: hook.Sleep}, path)
}

// handler is what a probe or a hook does.
type handler struct {
	exec      *corev1.ExecAction
	httpGet   *corev1.HTTPGetAction
	tcpSocket *corev1.TCPSocketAction
	grpc      *corev1.GRPCAction
	sleep     *corev1.SleepAction
}

// validateHandler demands exactly one action, and judges it. Further ones are refused unseen.
func (v *specValidator) validateHandler(h handler, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	found := false
	action := func(set bool, name string, judge func(path *field.Path) field.ErrorList) {
		switch {
		case !set:
		case found:
			errs = append(errs, field.Forbidden(path.Child(name), "may not specify more than 1 handler type"))
		default:
			found = true
			errs = append(errs, judge(path.Child(name))...)
		}
	}
	action(h.exec != nil, "exec", func(path *field.Path) field.ErrorList {
		if len(h.exec.Command) == 0 {
			return field.ErrorList{field.Required(path.Child("command"), "")}
		}
		return nil
	})
	action(h.httpGet != nil, "httpGet", func(path *field.Path) field.ErrorList {
		return validateHTTPGet(h.httpGet, path)
	})
	action(h.tcpSocket != nil, "tcpSocket", func(path *field.Path) field.ErrorList {
		return validatePortReference(h.tcpSocket.Port, path.Child("port"))
	})
	action(h.grpc != nil, "grpc", func(path *field.Path) field.ErrorList {
		return validatePortReference(intstr.FromInt32(h.grpc.Port), path.Child("port"))
	})
	action(h.sleep != nil, "sleep", func(path *field.Path) field.ErrorList {
		return v.validateSleep(h.sleep.Seconds, path)
	})
	if !found {
		errs = append(errs, field.Required(path, "must specify a handler type"))
	}
	return errs
}

func validateHTTPGet(get *corev1.HTTPGetAction, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if get.Path == "" {
		errs = append(errs, field.Required(path.Child("path"), ""))
	}
	errs = append(errs, validatePortReference(get.Port, path.Child("port"))...)
	errs = append(errs, validateSupported(get.Scheme, path.Child("scheme"), corev1.URISchemeHTTP, corev1.URISchemeHTTPS)...)
	for _, header := range get.HTTPHeaders {
		errs = append(errs, invalid(path.Child("httpHeaders"), header.Name, validation.IsHTTPHeaderName(header.Name)...)...)
	}
	return errs
}

// validateSleep demands that a hook that sleeps wakes up within the grace period.
func (v *specValidator) validateSleep(seconds int64, path *field.Path) field.ErrorList {
	period := v.spec.TerminationGracePeriodSeconds
	if period == nil || (seconds >= 0 && seconds <= *period) {
		return nil
	}
	return invalid(path, seconds, fmt.Sprintf("must be non-negative and less than terminationGracePeriodSeconds (%d)", *period))
}
