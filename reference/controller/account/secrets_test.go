package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestWhatASecretLacks(t *testing.T) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "u1"}}
	secret := func(data map[string]string, uid string) *corev1.Secret {
		s := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "long", Namespace: "shop", Annotations: map[string]string{corev1.ServiceAccountNameKey: "web"}},
			Type:       corev1.SecretTypeServiceAccountToken,
		}
		if uid != "" {
			s.Annotations[corev1.ServiceAccountUIDKey] = uid
		}
		for key, value := range data {
			if s.Data == nil {
				s.Data = map[string][]byte{}
			}
			s.Data[key] = []byte(value)
		}
		return s
	}
	immutable := secret(nil, "")
	immutable.Immutable = ptr.To(true)
	full := map[string]string{"ca.crt": "PEM", "namespace": "shop", "token": "T"}
	for name, tc := range map[string]struct {
		secret  *corev1.Secret
		account *corev1.ServiceAccount
		want    secretActions
	}{
		"everything":           {secret(nil, ""), account, secretActions{update: secret(map[string]string{"ca.crt": "PEM", "namespace": "shop"}, "u1"), token: true}},
		"nothing":              {secret(full, "u1"), account, secretActions{}},
		"the token":            {secret(map[string]string{"ca.crt": "PEM", "namespace": "shop"}, "u1"), account, secretActions{update: secret(map[string]string{"ca.crt": "PEM", "namespace": "shop"}, "u1"), token: true}},
		"the certificate":      {secret(map[string]string{"ca.crt": "old", "namespace": "shop", "token": "T"}, "u1"), account, secretActions{update: secret(full, "u1")}},
		"its account":          {secret(full, "u1"), nil, secretActions{remove: true}},
		"everything, for ever": {immutable, account, secretActions{}},
	} {
		if diff := cmp.Diff(tc.want, decideSecret(tc.secret, tc.account, []byte("PEM")), cmp.AllowUnexported(secretActions{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhoseASecretIs(t *testing.T) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "u2"}}
	for uid, want := range map[string]bool{"": true, "u2": true, "u1": false} {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.ServiceAccountUIDKey: uid}}}
		if got := isOf(secret, account); got != want {
			t.Errorf("with the UID %q: %t", uid, got)
		}
	}
}
