package plumbline

import (
	"strings"
	"testing"
)

func TestKubectlThatIsNotThere(t *testing.T) {
	if _, err := newTarget("reference", "/no/such/kubectl"); err == nil || !strings.Contains(err.Error(), "-kubectl") {
		t.Errorf("the error is %v, want one that names the flag", err)
	}
}
