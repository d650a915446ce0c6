package kind

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// projection judges a projected volume: several sources in one directory, no file of which may come twice.
type projection struct {
	path  *field.Path // of the volume's source
	files sets.Set[string]
	errs  field.ErrorList
}

func validateProjected(projected *corev1.ProjectedVolumeSource, path *field.Path) field.ErrorList {
	p := &projection{path: path, files: sets.New[string]()}
	p.errs = validateMode(projected.DefaultMode, path.Child("defaultMode"))
	for i, source := range projected.Sources {
		p.source(source, path.Child("sources").Index(i))
	}
	return p.errs
}

func (p *projection) source(source corev1.VolumeProjection, path *field.Path) {
	count := 0
	if s, path := source.Secret, path.Child("secret"); s != nil {
		count++
		p.items(s.Name, s.Items, path)
	}
	if s, path := source.ConfigMap, path.Child("configMap"); s != nil {
		count++
		p.items(s.Name, s.Items, path)
	}
	if s, path := source.DownwardAPI, path.Child("downwardAPI"); s != nil {
		count++
		for _, file := range s.Items {
			p.errs = append(p.errs, validateDownwardFile(file, path)...)
			p.file(file.Path, file.Path)
		}
	}
	if s, path := source.ServiceAccountToken, path.Child("serviceAccountToken"); s != nil {
		count++
		p.token(s, path)
	}
	if s, path := source.ClusterTrustBundle, path.Child("clusterTrustBundle"); s != nil {
		count++
		p.trustBundle(s, path)
	}
	if s, path := source.PodCertificate, path.Child("podCertificate"); s != nil {
		count++
		p.certificate(s, path)
	}
	if count > 1 {
		p.errs = append(p.errs, field.Forbidden(path, "may not specify more than 1 volume type per source"))
	}
}

// file notes that a source writes a file, and reports value where another does so too.
func (p *projection) file(name, value string) {
	if name == "" {
		return
	}
	if p.files.Has(name) {
		p.errs = append(p.errs, field.Invalid(p.path, value, "conflicting duplicate paths"))
	}
	p.files.Insert(name)
}

func (p *projection) items(object string, items []corev1.KeyToPath, path *field.Path) {
	p.errs = append(p.errs, required(path, "name", object)...)
	for i, item := range items {
		p.errs = append(p.errs, validateKeyToPath(item, path.Child("items").Index(i))...)
		p.file(item.Path, object)
	}
}

func (p *projection) token(token *corev1.ServiceAccountTokenProjection, path *field.Path) {
	expiration := path.Child("expirationSeconds")
	switch seconds := token.ExpirationSeconds; {
	case seconds == nil:
		p.errs = append(p.errs, field.Required(expiration, ""))
	case *seconds < 10*60:
		p.errs = append(p.errs, field.Invalid(expiration, *seconds, "may not specify a duration less than 10 minutes"))
	case *seconds > 1<<32:
		p.errs = append(p.errs, field.Invalid(expiration, *seconds, "may not specify a duration larger than 2^32 seconds"))
	}
	if token.Path == "" {
		p.errs = append(p.errs, field.Required(p.path.Child("path"), ""))
		return
	}
	p.errs = append(p.errs, validateLocalPath(token.Path, p.path.Child("path"))...)
}

func (p *projection) trustBundle(bundle *corev1.ClusterTrustBundleProjection, path *field.Path) {
	switch {
	case bundle.Name != nil && bundle.SignerName != nil:
		p.errs = append(p.errs, field.Invalid(path, asUpstreamPrints(bundle), "only one of name and signerName may be used"))
	case bundle.Name != nil:
		if *bundle.Name == "" {
			p.errs = append(p.errs, field.Required(path.Child("name"), "must be a valid object name"))
		}
		for _, message := range trustBundleNameMessages(*bundle.Name) {
			p.errs = append(p.errs, field.Invalid(path.Child("name"), *bundle.Name, "not a valid clustertrustbundlename: "+message))
		}
		if bundle.LabelSelector != nil {
			p.errs = append(p.errs, field.Invalid(path.Child("labelSelector"), bundle.LabelSelector, "labelSelector must be unset if name is specified"))
		}
	case bundle.SignerName != nil:
		if *bundle.SignerName == "" {
			p.errs = append(p.errs, field.Required(path.Child("signerName"), "must be a valid signer name"))
		}
		p.errs = append(p.errs, validateSignerName(*bundle.SignerName, path.Child("signerName"))...)
		p.errs = append(p.errs, metavalidation.ValidateLabelSelector(bundle.LabelSelector,
			metavalidation.LabelSelectorValidationOptions{}, path.Child("labelSelector"))...)
	default:
		p.errs = append(p.errs, field.Required(path, "either name or signerName must be specified"))
	}
	p.errs = append(p.errs, required(path, "path", bundle.Path)...)
	p.errs = append(p.errs, validateLocalPath(bundle.Path, path.Child("path"))...)
	p.file(bundle.Path, bundle.Path)
}

// trustBundleNameMessages says what is wrong with the name of a bundle; one of a signer's starts with the signer's name.
func trustBundleNameMessages(name string) []string {
	if split := strings.LastIndex(name, ":"); split > 0 {
		name = name[split+1:]
	} else if split == 0 {
		return []string{`ClusterTrustBundle without signer name must not have ":" in its name`}
	}
	return apivalidation.NameIsDNSSubdomain(name, false)
}

func (p *projection) certificate(certificate *corev1.PodCertificateProjection, path *field.Path) {
	p.errs = append(p.errs, validateSignerName(certificate.SignerName, path.Child("signerName"))...)
	if annotations, path := certificate.UserAnnotations, path.Child("userAnnotations"); annotations != nil {
		for _, key := range sortedKeys(annotations) {
			p.errs = append(p.errs, validation.IsDomainPrefixedKey(path, strings.ToLower(key))...)
		}
		if apivalidation.ValidateAnnotationsSize(annotations) != nil {
			p.errs = append(p.errs, field.TooLong(path, "", apivalidation.TotalAnnotationSizeLimitB))
		}
	}
	p.errs = append(p.errs, validateSupported(certificate.KeyType, path.Child("keyType"),
		"RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")...)
	if seconds, path := certificate.MaxExpirationSeconds, path.Child("maxExpirationSeconds"); seconds != nil {
		longest := int32(91 * 24 * 60 * 60)
		if host, _, _ := strings.Cut(certificate.SignerName, "/"); host == "kubernetes.io" || strings.HasSuffix(host, ".kubernetes.io") {
			longest = 24 * 60 * 60
		}
		if *seconds < 60*60 {
			p.errs = append(p.errs, field.Invalid(path, *seconds, "if provided, maxExpirationSeconds must be >= 3600"))
		}
		if *seconds > longest {
			p.errs = append(p.errs, field.Invalid(path, *seconds, fmt.Sprintf("if provided, maxExpirationSeconds must be <= %d", longest)))
		}
	}
	files := 0
	for _, file := range []struct{ name, path string }{
		{"credentialBundlePath", certificate.CredentialBundlePath},
		{"keyPath", certificate.KeyPath},
		{"certificateChainPath", certificate.CertificateChainPath},
	} {
		if file.path != "" {
			files++
			p.errs = append(p.errs, validateLocalPath(file.path, path.Child(file.name))...)
			p.file(file.path, file.path)
		}
	}
	if files == 0 {
		p.errs = append(p.errs, field.Required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"))
	}
}

// validateSignerName demands a name such as example.com/signer-name.
func validateSignerName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	parts := strings.Split(name, "/")
	if len(parts) != 2 {
		return invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
	}
	var errs field.ErrorList
	if len(parts[0]) > validation.DNS1123SubdomainMaxLength {
		errs = append(errs, field.TooLong(path, "", validation.DNS1123SubdomainMaxLength))
	}
	labels := strings.Split(parts[0], ".")
	for _, label := range labels {
		if messages := validation.IsDNS1123Label(label); len(messages) > 0 {
			for _, message := range messages {
				errs = append(errs, field.Invalid(path, parts[0], fmt.Sprintf("validating label %q: %s", label, message)))
			}
			break
		}
	}
	if len(labels) < 2 {
		errs = append(errs, field.Invalid(path, parts[0], "should be a domain with at least two segments separated by dots"))
	}
	for _, label := range strings.Split(parts[1], ".") {
		if messages := validation.IsDNS1123Subdomain(label); len(messages) > 0 {
			for _, message := range messages {
				errs = append(errs, field.Invalid(path, parts[1], fmt.Sprintf("validating label %q: %s", label, message)))
			}
			break
		}
	}
	if longest := 2*validation.DNS1123SubdomainMaxLength + validation.DNS1123LabelMaxLength + 2; len(name) > longest {
		errs = append(errs, field.TooLong(path, "", longest))
	}
	return errs
}
