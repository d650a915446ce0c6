package kind

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateContainers judges the regular containers.
func (v *specValidator) validateContainers(path *field.Path) field.ErrorList {
	containers := v.spec.Containers
	if len(containers) == 0 {
		return field.ErrorList{field.Required(path, "")}
	}
	var errs field.ErrorList
	names := sets.New[string]()
	for i := range containers {
		c, path := &containers[i], path.Index(i)
		errs = append(errs, v.validateContainer(c, path)...)
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), c.Name))
		}
		names.Insert(c.Name)
		errs = append(errs, v.validateLifecycleAndProbes(c, path)...)
		errs = append(errs, validateRestartRules(c, path)...)
	}
	return append(errs, validateHostPortsUnique(containers, path)...)
}

// validateInitContainers judges the init containers, sidecars among them.
func (v *specValidator) validateInitContainers(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for _, c := range v.spec.Containers {
		names.Insert(c.Name)
	}
	for i := range v.spec.InitContainers {
		c, list := &v.spec.InitContainers[i], path
		path := path.Index(i)
		errs = append(errs, v.validateContainer(c, path)...)
		if c.RestartPolicy == nil && len(c.RestartPolicyRules) > 0 {
			errs = append(errs, field.Required(path.Child("restartPolicy"), noPolicyText))
		} else {
			errs = append(errs, validateRestartRules(c, path)...)
		}
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), c.Name))
		} else if c.Name != "" {
			names.Insert(c.Name)
		}
		// One after the other, init containers do not compete for ports. Upstream names the first one's path here.
		errs = append(errs, validateHostPortsUnique([]corev1.Container{*c}, list)...)
		if restartsAlways(c) {
			errs = append(errs, v.validateLifecycleAndProbes(c, path)...)
			continue
		}
		errs = append(errs, refuseLifecycleAndProbes(c, path)...)
		for j, policy := range c.ResizePolicy {
			if policy.RestartPolicy == corev1.RestartContainer {
				errs = append(errs, field.Invalid(path.Child("resizePolicy").Index(j).Child("restartPolicy"), policy.RestartPolicy,
					"must not be set to 'RestartContainer' for non-sidecar initContainers"))
			}
		}
	}
	return errs
}

func refuseLifecycleAndProbes(c *corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, forbidden := range []struct {
		name string
		set  bool
	}{
		{"lifecycle", c.Lifecycle != nil},
		{"livenessProbe", c.LivenessProbe != nil},
		{"readinessProbe", c.ReadinessProbe != nil},
		{"startupProbe", c.StartupProbe != nil},
	} {
		if forbidden.set {
			errs = append(errs, field.Forbidden(path.Child(forbidden.name), "may not be set for init containers without restartPolicy=Always"))
		}
	}
	return errs
}

// ephemeralFields are the fields that an ephemeral container may set.
var ephemeralFields = sets.New(
	"Name", "Image", "Command", "Args", "WorkingDir", "EnvFrom", "Env", "VolumeMounts", "VolumeDevices",
	"TerminationMessagePath", "TerminationMessagePolicy", "ImagePullPolicy", "SecurityContext", "Stdin", "StdinOnce", "TTY",
)

const notForEphemeral = "cannot be set for an Ephemeral Container"

// validateEphemeralContainers judges the containers that were added for debugging.
func (v *specValidator) validateEphemeralContainers(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names, targets := sets.New[string](), sets.New[string]()
	for _, containers := range [][]corev1.Container{v.spec.Containers, v.spec.InitContainers} {
		for _, c := range containers {
			names.Insert(c.Name)
			targets.Insert(c.Name)
		}
	}
	for i := range v.spec.EphemeralContainers {
		ephemeral, path := &v.spec.EphemeralContainers[i], path.Index(i)
		c := (*corev1.Container)(&ephemeral.EphemeralContainerCommon)
		errs = append(errs, v.validateContainer(c, path)...)
		errs = append(errs, validateImageSpace(c, path)...)
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), c.Name))
		}
		names.Insert(c.Name)
		if target := ephemeral.TargetContainerName; target != "" && !targets.Has(target) {
			errs = append(errs, field.NotFound(path.Child("targetContainerName"), target))
		}
		value := reflect.ValueOf(ephemeral.EphemeralContainerCommon)
		for j := range value.NumField() {
			name := value.Type().Field(j).Name
			if !ephemeralFields.Has(name) && !value.Field(j).IsZero() {
				errs = append(errs, field.Forbidden(path.Child(strings.ToLower(name[:1])+name[1:]), notForEphemeral))
			}
		}
		for j, mount := range c.VolumeMounts {
			path := path.Child("volumeMounts").Index(j)
			if mount.SubPath != "" {
				errs = append(errs, field.Forbidden(path.Child("subPath"), notForEphemeral))
			}
			if mount.SubPathExpr != "" {
				errs = append(errs, field.Forbidden(path.Child("subPathExpr"), notForEphemeral))
			}
		}
	}
	return errs
}

// validateContainer judges what all containers have in common.
func (v *specValidator) validateContainer(c *corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	} else {
		errs = append(errs, validateDNSLabel(c.Name, path.Child("name"))...)
	}
	if c.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), ""))
	}
	errs = append(errs, validateChoice(c.TerminationMessagePolicy, path.Child("terminationMessagePolicy"),
		corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)...)
	errs = append(errs, validatePorts(c.Ports, path.Child("ports"))...)
	errs = append(errs, validateEnv(c.Env, path.Child("env"))...)
	errs = append(errs, validateEnvFrom(c.EnvFrom, path.Child("envFrom"))...)
	errs = append(errs, v.validateMounts(c, path.Child("volumeMounts"))...)
	errs = append(errs, v.validateDevices(c, path.Child("volumeDevices"))...)
	errs = append(errs, validatePullPolicy(c.ImagePullPolicy, path.Child("imagePullPolicy"))...)
	errs = append(errs, v.validateResources(&c.Resources, validateContainerResourceName, path.Child("resources"))...)
	errs = append(errs, v.validateResizePolicy(c.ResizePolicy, path.Child("resizePolicy"))...)
	return append(errs, v.validateContainerSecurity(c.SecurityContext, path.Child("securityContext"))...)
}

func validatePullPolicy(policy corev1.PullPolicy, path *field.Path) field.ErrorList {
	return validateChoice(policy, path, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
}

const noPolicyText = "must specify restartPolicy when restart rules are used"

// validateRestartRules judges a container's own restart policy and the rules by exit code.
func validateRestartRules(c *corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.RestartPolicy == nil {
		if len(c.RestartPolicyRules) == 0 {
			return nil
		}
		errs = append(errs, field.Required(path.Child("restartPolicy"), noPolicyText))
	} else {
		errs = append(errs, validateSupported(*c.RestartPolicy, path.Child("restartPolicy"),
			corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)...)
	}
	path = path.Child("restartPolicyRules")
	if count := len(c.RestartPolicyRules); count > 20 {
		errs = append(errs, field.TooMany(path, count, 20))
	}
	for i, rule := range c.RestartPolicyRules {
		path := path.Index(i)
		errs = append(errs, validateSupported(rule.Action, path.Child("action"),
			corev1.ContainerRestartRuleActionRestart, corev1.ContainerRestartRuleActionRestartAllContainers)...)
		path = path.Child("exitCodes")
		if rule.ExitCodes == nil {
			errs = append(errs, field.Required(path, "must be specified"))
			continue
		}
		errs = append(errs, validateSupported(rule.ExitCodes.Operator, path.Child("operator"),
			corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn)...)
		if count := len(rule.ExitCodes.Values); count > 255 {
			errs = append(errs, field.TooMany(path.Child("values"), count, 255))
		}
	}
	return errs
}

// validateResizePolicy judges what happens to a container whose resources change in place.
func (v *specValidator) validateResizePolicy(policies []corev1.ContainerResizePolicy, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[corev1.ResourceName]()
	for i, policy := range policies {
		if seen.Has(policy.ResourceName) {
			errs = append(errs, field.Duplicate(path.Index(i), policy.ResourceName))
		}
		seen.Insert(policy.ResourceName)
		errs = append(errs, validateChoice(policy.ResourceName, path, corev1.ResourceCPU, corev1.ResourceMemory)...)
		errs = append(errs, validateChoice(policy.RestartPolicy, path, corev1.NotRequired, corev1.RestartContainer)...)
		if v.spec.RestartPolicy == corev1.RestartPolicyNever && policy.RestartPolicy != corev1.NotRequired {
			errs = append(errs, field.Invalid(path, policy.RestartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
		}
	}
	return errs
}

// validateImageSpaces refuses spaces around image names; templates have always been allowed them.
func validateImageSpaces(containers []corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range containers {
		errs = append(errs, validateImageSpace(&containers[i], path.Index(i))...)
	}
	return errs
}

func validateImageSpace(c *corev1.Container, path *field.Path) field.ErrorList {
	if c.Image == strings.TrimSpace(c.Image) {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("image"), c.Image, "must not have leading or trailing whitespace")}
}

// validateFileKeyVolumes demands that variables out of files come from an emptyDir of the Pod.
func (v *specValidator) validateFileKeyVolumes(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	sources := map[string]corev1.VolumeSource{}
	for _, volume := range v.spec.Volumes {
		sources[volume.Name] = volume.VolumeSource
	}
	visitContainers(v.spec, path, func(c *corev1.Container, path *field.Path) {
		for i, env := range c.Env {
			if env.ValueFrom == nil || env.ValueFrom.FileKeyRef == nil {
				continue
			}
			name := env.ValueFrom.FileKeyRef.VolumeName
			path := path.Child("env").Index(i).Child("valueFrom", "fileKeyRef", "volumeName")
			if source, found := sources[name]; !found {
				errs = append(errs, field.NotFound(path, name))
			} else if source.EmptyDir == nil {
				errs = append(errs, field.Invalid(path, name, "referenced volume must be of type emptyDir"))
			}
		}
	})
	return errs
}

// validateHostPortsUnique refuses a host port that two containers want, or one wants twice.
func validateHostPortsUnique(containers []corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := sets.New[string]()
	for i, c := range containers {
		for j, port := range c.Ports {
			if port.HostPort == 0 {
				continue
			}
			key := fmt.Sprintf("%s/%s/%d", port.Protocol, port.HostIP, port.HostPort)
			if taken.Has(key) {
				errs = append(errs, field.Duplicate(path.Index(i).Child("ports").Index(j).Child("hostPort"), key))
			}
			taken.Insert(key)
		}
	}
	return errs
}
