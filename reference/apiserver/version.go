package apiserver

import (
	goruntime "runtime"
	"strings"

	apimachineryversion "k8s.io/apimachinery/pkg/version"
	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/version"
)

// defaultVersion is the version of Kubernetes whose behaviour the reference shows, when the build did not say (by
// -ldflags "-X k8s.io/component-base/version.gitVersion=…").
const defaultVersion = "v1.37.2"

// effectiveVersion is the library's version, with an answer for /version even where the build did not stamp one.
type effectiveVersion struct {
	basecompatibility.EffectiveVersion
}

func newEffectiveVersion() basecompatibility.EffectiveVersion {
	return effectiveVersion{utilcompatibility.DefaultBuildEffectiveVersion()}
}

func (v effectiveVersion) Info() *apimachineryversion.Info {
	info := v.EffectiveVersion.Info()
	if info == nil {
		stamped := version.Get()
		info = &stamped
	}
	if !strings.HasPrefix(version.Get().GitVersion, "v0.0.0") {
		return info
	}
	filled := *info
	filled.GitVersion, filled.Major, filled.Minor = defaultVersion, "1", "37"
	filled.GoVersion, filled.Compiler, filled.Platform = goruntime.Version(), goruntime.Compiler, goruntime.GOOS+"/"+goruntime.GOARCH
	return &filled
}
