package steps

import "testing"

// TestByAdmission: what is set up in a cluster refuses in its own words, and Kubernetes in others.
func TestByAdmission(t *testing.T) {
	for answer, want := range map[string]bool{
		`403 Forbidden: pods "app" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes (volume "tmp")`: true,
		`400 BadRequest: admission webhook "validate.kyverno.svc-fail" denied the request: no latest tags`:                true,
		`422 Invalid: pods "app" is forbidden: ValidatingAdmissionPolicy 'limits' with binding 'all' denied request: no`:  true,
		`422 Invalid: Pod "app" is invalid: spec.containers: Required value`:                                              false,
		`403 Forbidden: pods is forbidden: User "u" cannot create resource "pods"`:                                        false,
	} {
		if got := byAdmission(answer); got != want {
			t.Errorf("%s: %v, want %v", answer, got, want)
		}
	}
}
