package kind

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// specWarner collects warnings about a spec, in upstream's words and order (pkg/api/pod/warnings.go).
type specWarner struct {
	spec     *corev1.PodSpec
	meta     *metav1.ObjectMeta
	path     *field.Path // of the object that has metadata and spec; nil for a Pod
	warnings []string
}

// podSpecWarnings returns the warnings for a Pod (path nil) or for the template at path.
func podSpecWarnings(spec *corev1.PodSpec, meta *metav1.ObjectMeta, path *field.Path) []string {
	w := &specWarner{spec: spec, meta: meta, path: path}
	w.nodeLabels()
	w.annotations()
	w.volumes()
	w.overlappingPaths()
	w.duplicates()
	w.fractionalBytes(spec.Overhead, path.Child("spec", "overhead"))
	w.seccompAnnotation(spec.SecurityContext == nil || spec.SecurityContext.SeccompProfile == nil, corev1.SeccompPodAnnotationKey)
	visitContainers(spec, path.Child("spec"), w.container)
	w.ports()
	if period := spec.TerminationGracePeriodSeconds; period != nil && *period < 0 {
		w.warn(path.Child("spec", "terminationGracePeriodSeconds"), "must be >= 0; negative values are invalid and will be treated as 1")
	}
	w.nullSelectors()
	if spec.DNSConfig != nil {
		for i, address := range spec.DNSConfig.Nameservers {
			w.warnings = append(w.warnings, validation.GetWarningsForIP(path.Child("spec", "dnsConfig", "nameservers").Index(i), address)...)
		}
	}
	for i, alias := range spec.HostAliases {
		w.warnings = append(w.warnings, validation.GetWarningsForIP(path.Child("spec", "hostAliases").Index(i).Child("ip"), alias.IP)...)
	}
	return w.warnings
}

func (w *specWarner) warn(path *field.Path, format string, args ...any) {
	w.warnings = append(w.warnings, fmt.Sprintf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// deprecatedNodeLabels are labels of nodes that have a newer name, or none, and what upstream says about them.
var deprecatedNodeLabels = map[string]string{
	corev1.LabelFailureDomainBetaRegion:             `deprecated since v1.17; use "topology.kubernetes.io/region" instead`,
	corev1.LabelFailureDomainBetaZone:               `deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
	corev1.LabelInstanceType:                        `deprecated since v1.17; use "node.kubernetes.io/instance-type" instead`,
	"beta.kubernetes.io/arch":                       `deprecated since v1.14; use "kubernetes.io/arch" instead`,
	"beta.kubernetes.io/os":                         `deprecated since v1.14; use "kubernetes.io/os" instead`,
	"app.kubernetes.io/created-by":                  `deprecated since v1.9`,
	"scheduler.alpha.kubernetes.io/preferAvoidPods": `deprecated since v1.22; use Taints and Tolerations instead`,
	"node-role.kubernetes.io/master":                `use "node-role.kubernetes.io/control-plane" instead`,
}

// nodeLabels warns about old labels in what chooses nodes, and about values that no node can have.
func (w *specWarner) nodeLabels() {
	for _, key := range sortedKeys(w.spec.NodeSelector) {
		if text, deprecated := deprecatedNodeLabels[key]; deprecated {
			w.warn(w.path.Child("spec", "nodeSelector").Key(key), "%s", text)
		}
	}
	if a, path := nodeAffinity(w.spec), w.path.Child("spec", "affinity", "nodeAffinity"); a != nil {
		if a.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			for i, term := range a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
				w.nodeTerm(term, false, path.Child(requiredTerms, "nodeSelectorTerms").Index(i))
			}
		}
		for i, term := range a.PreferredDuringSchedulingIgnoredDuringExecution {
			w.nodeTerm(term.Preference, true, path.Child(preferredTerms).Index(i).Child("preference"))
		}
	}
	for i, c := range w.spec.TopologySpreadConstraints {
		path := w.path.Child("spec", "topologySpreadConstraints").Index(i)
		if text, deprecated := deprecatedNodeLabels[c.TopologyKey]; deprecated {
			w.warn(path.Child("topologyKey"), "%s is %s", c.TopologyKey, text)
		}
		if c.LabelSelector == nil {
			w.warn(path.Child("labelSelector"), nullSelectorText)
		}
	}
}

func (w *specWarner) nodeTerm(term corev1.NodeSelectorTerm, checkValues bool, path *field.Path) {
	for i, r := range term.MatchExpressions {
		path := path.Child("matchExpressions").Index(i)
		if text, deprecated := deprecatedNodeLabels[r.Key]; deprecated {
			w.warn(path.Child("key"), "%s is %s", r.Key, text)
		}
		if !checkValues {
			continue
		}
		for j, value := range r.Values {
			for _, message := range validation.IsValidLabelValue(value) {
				w.warn(path.Child("values").Index(j), "%s is invalid, %s", value, message)
			}
		}
	}
}

func (w *specWarner) annotations() {
	for _, annotation := range []struct{ key, text string }{
		{"scheduler.alpha.kubernetes.io/critical-pod", `non-functional in v1.16+; use the "priorityClassName" field instead`},
		{"security.alpha.kubernetes.io/sysctls", `non-functional in v1.11+; use the "sysctls" field instead`},
		{"security.alpha.kubernetes.io/unsafe-sysctls", `non-functional in v1.11+; use the "sysctls" field instead`},
	} {
		if _, set := w.meta.Annotations[annotation.key]; set {
			w.warn(w.path.Child("metadata", "annotations").Key(annotation.key), "%s", annotation.text)
		}
	}
}

func (w *specWarner) seccompAnnotation(noField bool, key string) {
	if _, set := w.meta.Annotations[key]; set && noField {
		w.warn(w.path.Child("metadata", "annotations").Key(key), `non-functional in v1.27+; use the "seccompProfile" field instead`)
	}
}

// appArmorSpeaks says whether an annotation says something about AppArmor that no field says.
func appArmorSpeaks(annotations map[string]string, key string, c *corev1.Container, spec *corev1.PodSpec) bool {
	value, set := annotations[key]
	if !set || (c.SecurityContext != nil && c.SecurityContext.AppArmorProfile != nil) {
		return false
	}
	profile := appArmorField(value)
	return profile == nil || !sameAppArmor(profile, spec.SecurityContext)
}

// duplicates warns about lists of which the API keeps only one entry a name once the object is applied.
func (w *specWarner) duplicates() {
	addresses := sets.New[string]()
	for i, alias := range w.spec.HostAliases {
		if addresses.Has(alias.IP) {
			w.warn(w.path.Child("spec", "hostAliases").Index(i).Child("ip"), "duplicate ip %q", alias.IP)
		}
		addresses.Insert(alias.IP)
	}
	names := sets.New[string]()
	for i, secret := range w.spec.ImagePullSecrets {
		if names.Has(secret.Name) {
			w.warn(w.path.Child("spec", "imagePullSecrets").Index(i).Child("name"), "duplicate name %q", secret.Name)
		}
		names.Insert(secret.Name)
	}
	for i, secret := range w.spec.ImagePullSecrets {
		if secret.Name == "" {
			w.warn(w.path.Child("spec", "imagePullSecrets").Index(i).Child("name"), "invalid empty name %q", secret.Name)
		}
	}
}

func (w *specWarner) fractionalBytes(list corev1.ResourceList, path *field.Path) {
	w.fractional(list, corev1.ResourceMemory, path)
	w.fractional(list, corev1.ResourceEphemeralStorage, path)
}

func (w *specWarner) fractional(list corev1.ResourceList, name corev1.ResourceName, path *field.Path) {
	if quantity, set := list[name]; set && quantity.MilliValue()%1000 != 0 {
		w.warn(path.Key(string(name)), "fractional byte value %q is invalid, must be an integer", quantity.String())
	}
}

func (w *specWarner) container(c *corev1.Container, path *field.Path) {
	w.seccompAnnotation(c.SecurityContext == nil || c.SecurityContext.SeccompProfile == nil, corev1.SeccompContainerAnnotationKeyPrefix+c.Name)
	// A Pod's own AppArmor annotation is spoken about before it is turned into a field.
	if key := appArmorAnnotation + c.Name; w.path != nil && appArmorSpeaks(w.meta.Annotations, key, c, w.spec) {
		w.warn(w.path.Child("metadata", "annotations").Key(key), `deprecated since v1.30; use the "appArmorProfile" field instead`)
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		w.fractional(c.Resources.Limits, name, path.Child("resources", "limits"))
		w.fractional(c.Resources.Requests, name, path.Child("resources", "requests"))
	}
	names := sets.New[string]()
	for i, env := range c.Env {
		// Only a value made of the former one, such as X=$(X)y, does not hide it.
		former := fmt.Sprintf("$(%s)", env.Name)
		if names.Has(env.Name) && (env.ValueFrom != nil || env.Value == former || !strings.Contains(env.Value, former)) {
			w.warn(path.Child("env").Index(i), "hides previous definition of %q, which may be dropped when using apply", env.Name)
		}
		names.Insert(env.Name)
	}
}

// ports warns about ports that several containers claim.
func (w *specWarner) ports() {
	type claim struct {
		port corev1.ContainerPort
		path *field.Path
	}
	claims := map[string][]claim{}
	visitContainers(w.spec, w.path.Child("spec"), func(c *corev1.Container, path *field.Path) {
		for i, port := range c.Ports {
			path := path.Child("ports").Index(i)
			if port.HostIP != "" && port.HostPort == 0 {
				w.warn(path, "hostIP set without hostPort: %+v", port)
			}
			key := fmt.Sprintf("%d/%s", port.ContainerPort, port.Protocol)
			for _, other := range claims[key] {
				sameHost := port.HostIP == other.port.HostIP
				anyHost := (port.HostIP == "") != (other.port.HostIP == "")
				switch {
				case sameHost && port.HostPort == other.port.HostPort:
					w.warn(path, "duplicate port definition with %s", other.path)
				case port.HostPort == 0 || other.port.HostPort == 0:
					w.warn(path, "overlapping port definition with %s", other.path)
				case port.HostPort == other.port.HostPort && anyHost:
					w.warn(path, "dangerously ambiguous port definition with %s", other.path)
				}
			}
			claims[key] = append(claims[key], claim{port, path})
		}
	})
	names := map[string]*field.Path{}
	visitContainers(w.spec, w.path.Child("spec"), func(c *corev1.Container, path *field.Path) {
		for i, port := range c.Ports {
			path := path.Child("ports").Index(i)
			if other, taken := names[port.Name]; taken {
				w.warn(path, "duplicate port name %q with %s, services and probes that select ports by name will use %s", port.Name, other, other)
			} else if port.Name != "" {
				names[port.Name] = path
			}
		}
	})
}

const nullSelectorText = "a null labelSelector results in matching no pod"

// nullSelectors warns about affinity to no Pod at all.
func (w *specWarner) nullSelectors() {
	if w.spec.Affinity == nil {
		return
	}
	terms := func(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm, path *field.Path) {
		for i, term := range required {
			if term.LabelSelector == nil {
				w.warn(path.Child(requiredTerms).Index(i).Child("labelSelector"), nullSelectorText)
			}
		}
		for i, term := range preferred {
			if term.PodAffinityTerm.LabelSelector == nil {
				w.warn(path.Child(preferredTerms).Index(i).Child("podAffinityTerm", "labelSelector"), nullSelectorText)
			}
		}
	}
	path := w.path.Child("spec", "affinity")
	if a := w.spec.Affinity.PodAffinity; a != nil {
		terms(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAffinity"))
	}
	if a := w.spec.Affinity.PodAntiAffinity; a != nil {
		terms(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAntiAffinity"))
	}
}
