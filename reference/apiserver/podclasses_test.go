package apiserver_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestPodClasses wants Pods to have the priority of their class, and to name no class that there is not.
func TestPodClasses(t *testing.T) {
	ns := shared.namespace(t)
	for name, c := range map[string]struct {
		spec string // beside the container
		code int
		says string
	}{
		"nothing said":            {code: http.StatusCreated, says: `"preemptionPolicy":"PreemptLowerPriority"`},
		"the system's class":      {`"priorityClassName":"system-node-critical",`, http.StatusCreated, `"priority":2000001000`},
		"no such class":           {`"priorityClassName":"nobody",`, http.StatusForbidden, "no PriorityClass with name nobody was found"},
		"the number that it has":  {`"priority":0,`, http.StatusCreated, `"priority":0`},
		"a number of its own":     {`"priority":7,`, http.StatusForbidden, "the integer value of priority (7) must not be provided"},
		"a policy of its own":     {`"preemptionPolicy":"Never",`, http.StatusForbidden, "the string value of PreemptionPolicy (Never)"},
		"no such runtime":         {`"runtimeClassName":"nobody",`, http.StatusForbidden, `RuntimeClass \"nobody\" not found`},
		"overhead of no runtime":  {`"overhead":{"cpu":"1"},`, http.StatusForbidden, "Pod Overhead set without corresponding RuntimeClass"},
		"what is invalid besides": {`"overhead":{"cpu":"1"},"restartPolicy":"Odd",`, http.StatusUnprocessableEntity, "spec.restartPolicy"},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{` + c.spec + `"containers":[{"name":"main","image":"image"}]}}`
			a := shared.request(t, http.MethodPost, "/api/v1/namespaces/"+ns+"/pods?dryRun=All", body)
			if a.code != c.code || !strings.Contains(string(a.body), c.says) {
				t.Errorf("got %d %s", a.code, a.body)
			}
		})
	}
}
