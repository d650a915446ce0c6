package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/steps"
)

// decoded reads a manifest strictly: no field that there is not.
func decoded(t *testing.T, manifest []byte) []runtime.Object {
	t.Helper()
	strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(manifest)))
	defer documents.Close()
	buffer := make([]byte, 1<<20)
	var objects []runtime.Object
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := strict.Decode(buffer[:n], nil, nil)
		if err != nil {
			t.Fatalf("%v in:\n%s", err, buffer[:n])
		}
		objects = append(objects, object)
	}
}

func TestJob(t *testing.T) {
	// The first line stands further to the right than the others: nobody may take its place for the text's margin.
	written := "  # ours\n- {scenario: a, reason: b}\n"
	known, none := filepath.Join(t.TempDir(), "k.yaml"), filepath.Join(t.TempDir(), "none.yaml")
	for path, text := range map[string]string{known: written, none: ""} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args  []string
		kinds string
		run   []string // the container's arguments
	}{
		"without flags":  {nil, "Namespace ServiceAccount ClusterRoleBinding Job", []string{"-target=kubeconfig", "-out=/out", "-hold=1h0m0s"}},
		"with a choice":  {[]string{"-profile=api", "-slow", "-hold=2m"}, "Namespace ServiceAccount ClusterRoleBinding Job", []string{"-target=kubeconfig", "-out=/out", "-profile=api", "-slow=true", "-hold=2m0s"}},
		"a Pod":          {[]string{"-pod"}, "Namespace ServiceAccount ClusterRoleBinding Pod", []string{"-target=kubeconfig", "-out=/out", "-hold=1h0m0s"}},
		"few rights":     {[]string{"-least"}, "Namespace ServiceAccount ClusterRole ClusterRoleBinding Job", []string{"-target=kubeconfig", "-out=/out", "-hold=1h0m0s"}},
		"known failures": {[]string{"-expected-failures=" + known}, "Namespace ServiceAccount ClusterRoleBinding ConfigMap Job", []string{"-target=kubeconfig", "-out=/out", "-expected-failures=/known/known.yaml", "-hold=1h0m0s"}},
		"none known":     {[]string{"-expected-failures=" + none}, "Namespace ServiceAccount ClusterRoleBinding ConfigMap Job", []string{"-target=kubeconfig", "-out=/out", "-expected-failures=/known/known.yaml", "-hold=1h0m0s"}},
		"no list":        {[]string{"-expected-failures="}, "Namespace ServiceAccount ClusterRoleBinding Job", []string{"-target=kubeconfig", "-out=/out", "-hold=1h0m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if code := job(c.args, &out); code != conformant {
				t.Fatalf("exit %d", code)
			}
			var kinds []string
			var pod corev1.PodSpec
			for _, object := range decoded(t, out.Bytes()) {
				kinds = append(kinds, object.GetObjectKind().GroupVersionKind().Kind)
				switch object := object.(type) {
				case *batchv1.Job:
					pod = object.Spec.Template.Spec
				case *corev1.Pod:
					pod = object.Spec
				case *corev1.ConfigMap:
					want := map[string]string{"known failures": written, "none known": "# nothing is known to fail\n"}[name]
					if got := object.Data["known.yaml"]; strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
						t.Errorf("the list arrives as %q, want %q", got, want)
					}
				case *rbacv1.ClusterRole:
					checkRights(t, object.Rules)
				}
			}
			if got := strings.Join(kinds, " "); got != c.kinds {
				t.Errorf("it has %s, want %s", got, c.kinds)
			}
			if got := pod.Containers[0]; !slices.Equal(got.Args, c.run) || got.Image != "plumbline.dev/runner:"+plumbline.Version {
				t.Errorf("it runs %s %q, want %q", got.Image, got.Args, c.run)
			}
		})
	}
}

// checkRights wants a role to grant all that the preflight asks for.
func checkRights(t *testing.T, granted []rbacv1.PolicyRule) {
	t.Helper()
	for _, right := range steps.Rights(true) {
		resource := right.Resource
		if right.Subresource != "" {
			resource += "/" + right.Subresource
		}
		if !slices.ContainsFunc(granted, func(rule rbacv1.PolicyRule) bool {
			return slices.Contains(rule.APIGroups, right.Group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, right.Verb)
		}) {
			t.Errorf("the role does not grant %s", right)
		}
	}
}

func TestJobsThatCannotBe(t *testing.T) {
	for _, args := range [][]string{
		{"-target=image", "-image=a:1"}, {"-kubeconfig=x"}, {"-out=x"}, {"-hold=-1s"}, {"-hold=soon"}, {"-expected-failures=/no/such/file"}, {"more"}, {"-no-such-flag"},
	} {
		var out bytes.Buffer
		if code := job(args, &out); code != badUsage || out.Len() > 0 {
			t.Errorf("%q: exit %d, %d bytes", args, code, out.Len())
		}
	}
}
