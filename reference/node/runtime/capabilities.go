package runtime

import (
	"slices"
	"strings"
)

// capabilitiesOf is what a container gets: containerd's default set changed as
// asked, in the order of its CRI plugin (add ALL, drop ALL, add, drop), and
// nothing that this process, and so the node, does not have itself.
func capabilitiesOf(defaults []string, security Security, available []string) []string {
	granted := slices.Clone(defaults)
	isAll := func(name string) bool { return strings.EqualFold(name, "ALL") }
	if security.Privileged || slices.ContainsFunc(security.AddCapabilities, isAll) {
		granted = slices.Clone(available)
	}
	if security.Privileged {
		return granted
	}
	if slices.ContainsFunc(security.DropCapabilities, isAll) {
		granted = nil
	}
	for _, name := range security.AddCapabilities {
		if !isAll(name) {
			granted = append(granted, fullName(name))
		}
	}
	for _, dropped := range security.DropCapabilities {
		granted = slices.DeleteFunc(granted, func(name string) bool { return name == fullName(dropped) })
	}
	result := []string{}
	for _, name := range granted {
		if slices.Contains(available, name) && !slices.Contains(result, name) {
			result = append(result, name)
		}
	}
	return result
}

func fullName(capability string) string {
	return "CAP_" + strings.TrimPrefix(strings.ToUpper(capability), "CAP_")
}
