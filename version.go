package plumbline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Version is the suite's: of its claims, its scenarios and what its sentences mean. features/CHANGES.md says what a new
// one may change.
const Version = "0.14.0"

// Minors are the minor versions of Kubernetes that the suite judges, the oldest first; features/CHANGES.md says why these.
// A target of another is judged all the same, and the report says that it lies outside.
var Minors = []string{"1.36", "1.37"}

// versionLine is what -version prints.
func versionLine() string {
	return fmt.Sprintf("Plumbline %s, which judges Kubernetes %s", Version, strings.Join(Minors, " and "))
}

var minorOf = regexp.MustCompile(`^v?(\d+\.\d+)(?:\.|$|[-+])`)

// outside says that a target's version is none that the suite judges, or nothing. Version is what its API server gives.
func outside(version string) string {
	if version == "" {
		return "the target's API server does not give a version that can be read; this version of the suite judges Kubernetes " + strings.Join(Minors, " and ")
	}
	minor := minorOf.FindStringSubmatch(version)
	if minor != nil && slices.Contains(Minors, minor[1]) {
		return ""
	}
	return fmt.Sprintf("the target says that it is Kubernetes %s, and this version of the suite judges %s: what fails may have changed between them",
		version, strings.Join(Minors, " and "))
}
