package kind

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// refuseLinuxFields refuses what a Pod for Windows cannot have.
func refuseLinuxFields(spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	refuse := func(set bool, path *field.Path, name string) {
		if set {
			errs = append(errs, field.Forbidden(path.Child(name), "cannot be set for a windows pod"))
		}
	}
	if sc, path := spec.SecurityContext, path.Child("securityContext"); sc != nil {
		refuse(sc.AppArmorProfile != nil, path, "appArmorProfile")
		refuse(sc.SELinuxOptions != nil, path, "seLinuxOptions")
		refuse(sc.SeccompProfile != nil, path, "seccompProfile")
		refuse(sc.FSGroup != nil, path, "fsGroup")
		refuse(sc.FSGroupChangePolicy != nil, path, "fsGroupChangePolicy")
		refuse(len(sc.Sysctls) > 0, path, "sysctls")
		refuse(sc.RunAsUser != nil, path, "runAsUser")
		refuse(sc.RunAsGroup != nil, path, "runAsGroup")
		refuse(sc.SupplementalGroups != nil, path, "supplementalGroups")
		refuse(sc.SupplementalGroupsPolicy != nil, path, "supplementalGroupsPolicy")
		refuse(sc.SELinuxChangePolicy != nil, path, "seLinuxChangePolicy")
	}
	refuse(spec.HostUsers != nil, path, "hostUsers")
	refuse(spec.HostPID, path, "hostPID")
	refuse(spec.HostIPC, path, "hostIPC")
	refuse(spec.ShareProcessNamespace != nil, path, "shareProcessNamespace")
	visitContainers(spec, path, func(c *corev1.Container, path *field.Path) {
		sc := c.SecurityContext
		if sc == nil {
			return
		}
		path = path.Child("securityContext")
		refuse(sc.AppArmorProfile != nil, path, "appArmorProfile")
		refuse(sc.SELinuxOptions != nil, path, "seLinuxOptions")
		refuse(sc.SeccompProfile != nil, path, "seccompProfile")
		refuse(sc.Capabilities != nil, path, "capabilities")
		refuse(sc.ReadOnlyRootFilesystem != nil, path, "readOnlyRootFilesystem")
		refuse(sc.Privileged != nil, path, "privileged")
		refuse(sc.AllowPrivilegeEscalation != nil, path, "allowPrivilegeEscalation")
		refuse(sc.ProcMount != nil, path, "procMount")
		refuse(sc.RunAsUser != nil, path, "runAsUser")
		refuse(sc.RunAsGroup != nil, path, "runAsGroup")
	})
	return errs
}

const (
	gmsaSpecKiB       = 64
	userDomainMaximum = 256
	userNameMaximum   = 104
)

var (
	controlCharacters = regexp.MustCompile(`[[:cntrl:]]`)
	netBIOSName       = regexp.MustCompile(`^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$`)
	domainLabel       = `[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`
	domainName        = regexp.MustCompile(`^` + domainLabel + `(\.` + domainLabel + `)*$`)
	userForbidden     = `"/\:;|=,+*?<>@[]`
)

// validateWindowsOptions judges what only Windows has: group managed accounts and user names with a domain.
func validateWindowsOptions(options *corev1.WindowsSecurityContextOptions, path *field.Path) field.ErrorList {
	if options == nil {
		return nil
	}
	var errs field.ErrorList
	if name := options.GMSACredentialSpecName; name != nil {
		errs = append(errs, invalid(path.Child("gmsaCredentialSpecName"), name, validation.IsDNS1123Subdomain(*name)...)...)
	}
	if spec, path := options.GMSACredentialSpec, path.Child("gmsaCredentialSpec"); spec != nil {
		switch {
		case *spec == "":
			errs = append(errs, field.Invalid(path, spec, "gmsaCredentialSpec cannot be an empty string"))
		case len(*spec) > gmsaSpecKiB*1024:
			errs = append(errs, field.Invalid(path, spec, fmt.Sprintf("gmsaCredentialSpec size must be under %d KiB", gmsaSpecKiB)))
		}
	}
	if name := options.RunAsUserName; name != nil {
		errs = append(errs, invalid(path.Child("runAsUserName"), name, userNameMessages(*name)...)...)
	}
	return errs
}

// userNameMessages says what is wrong with a name such as DOMAIN\user.
func userNameMessages(name string) []string {
	if name == "" {
		return []string{"runAsUserName cannot be an empty string"}
	}
	if controlCharacters.MatchString(name) {
		return []string{"runAsUserName cannot contain control characters"}
	}
	domain, user, hasDomain := strings.Cut(name, `\`)
	if !hasDomain {
		domain, user = "", name
	}
	if strings.Contains(user, `\`) {
		return []string{"runAsUserName cannot contain more than one backslash"}
	}
	var messages []string
	if len(domain) >= userDomainMaximum {
		messages = append(messages, fmt.Sprintf("runAsUserName's Domain length must be under %d characters", userDomainMaximum))
	}
	if hasDomain && !netBIOSName.MatchString(domain) && !domainName.MatchString(domain) {
		messages = append(messages, "runAsUserName's Domain doesn't match the NetBios nor the DNS format")
	}
	if user == "" {
		messages = append(messages, "runAsUserName's User cannot be empty")
	} else if len(user) > userNameMaximum {
		messages = append(messages, fmt.Sprintf("runAsUserName's User length must not be longer than %d characters", userNameMaximum))
	}
	if user != "" && strings.Trim(user, ". ") == "" {
		messages = append(messages, "runAsUserName's User cannot contain only periods or spaces")
	}
	if strings.ContainsAny(user, userForbidden) {
		messages = append(messages, "runAsUserName's User cannot contain the following characters: "+userForbidden)
	}
	return messages
}
