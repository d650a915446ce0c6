package kind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newConfigMap(data map[string]string, change func(*corev1.ConfigMap)) *corev1.ConfigMap {
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings", Namespace: "shop", ResourceVersion: "1"}, Data: data}
	if change != nil {
		change(config)
	}
	return config
}

func TestConfigMapRules(t *testing.T) {
	const keys = `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`
	for name, test := range map[string]struct {
		config *corev1.ConfigMap
		want   []string
	}{
		"empty":          {config: newConfigMap(nil, nil)},
		"a file":         {config: newConfigMap(map[string]string{"app.yaml": "x"}, nil)},
		"a blank":        {newConfigMap(map[string]string{"a b": "x"}, nil), []string{`data[a b]: Invalid value: "a b": ` + keys}},
		"the folder up":  {newConfigMap(map[string]string{"..": "x"}, nil), []string{`data[..]: Invalid value: "..": must not be '..'`}},
		"in both":        {newConfigMap(map[string]string{"a": "x"}, func(config *corev1.ConfigMap) { config.BinaryData = map[string][]byte{"a": nil} }), []string{`data[a]: Invalid value: "a": duplicate of key present in binaryData`}},
		"a mebibyte":     {config: newConfigMap(map[string]string{"a": strings.Repeat("x", 1<<20)}, nil)},
		"a byte more":    {newConfigMap(map[string]string{"a": strings.Repeat("x", 1<<20), "b": "x"}, nil), []string{"[]: Too long: may not be more than 1048576 bytes"}},
		"a name too far": {newConfigMap(nil, func(config *corev1.ConfigMap) { config.Name = "a/b" }), []string{`metadata.name: Invalid value: "a/b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(ConfigMap.Validate(test.config))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImmutableConfigMap(t *testing.T) {
	immutable := func(value bool) func(*corev1.ConfigMap) {
		return func(config *corev1.ConfigMap) { config.Immutable = &value }
	}
	old := newConfigMap(map[string]string{"a": "x"}, immutable(true))
	for name, test := range map[string]struct {
		config *corev1.ConfigMap
		want   []string
	}{
		"labels": {config: newConfigMap(map[string]string{"a": "x"}, func(config *corev1.ConfigMap) {
			immutable(true)(config)
			config.Labels = map[string]string{"b": "c"}
		})},
		"data":            {newConfigMap(map[string]string{"a": "y"}, immutable(true)), []string{"data: Forbidden: field is immutable when `immutable` is set"}},
		"the declaration": {newConfigMap(map[string]string{"a": "x"}, immutable(false)), []string{"immutable: Forbidden: field is immutable when `immutable` is set"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(ConfigMap.ValidateUpdate(test.config, old))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
