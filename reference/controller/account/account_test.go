package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWhatANamespaceLacks(t *testing.T) {
	active := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	going := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Status: corev1.NamespaceStatus{Phase: corev1.NamespaceTerminating}}
	account := &corev1.ServiceAccount{}
	config := func(ca, text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: rootCA, Namespace: "shop", Annotations: map[string]string{descriptionKey: text}}, Data: map[string]string{rootCAKey: ca},
		}
	}
	for name, tc := range map[string]struct {
		namespace *corev1.Namespace
		account   *corev1.ServiceAccount
		config    *corev1.ConfigMap
		want      actions
	}{
		"everything":              {active, nil, nil, actions{createAccount: true, createMap: config("PEM", description)}},
		"nothing":                 {active, account, config("PEM", description), actions{}},
		"nothing, by own words":   {active, account, config("PEM", "mine"), actions{}},
		"the right certificate":   {active, account, config("old", "mine"), actions{updateMap: config("PEM", description)}},
		"the description":         {active, account, config("PEM", ""), actions{updateMap: config("PEM", description)}},
		"anything while it goes":  {going, nil, nil, actions{}},
		"the account, not the CA": {active, nil, config("PEM", description), actions{createAccount: true}},
	} {
		if diff := cmp.Diff(tc.want, decide(tc.namespace, tc.account, tc.config, "PEM"), cmp.AllowUnexported(actions{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
