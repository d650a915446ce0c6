package apiserver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/utils/ptr"

	"github.com/plumbline/plumbline/reference/kind"
)

// podAccount gives each Pod a service account that exists, and the means to use it, as upstream's plugin ServiceAccount.
type podAccount struct {
	*admission.Handler
	access *access
}

func newPodAccount(a *access) podAccount {
	return podAccount{admission.NewHandler(admission.Create), a}
}

const (
	// defaultAccount is in every namespace.
	defaultAccount = "default"
	// tokenVolume begins the name of the volume that a Pod gets, and tokenPath is where its containers find it.
	tokenVolume = "kube-api-access-"
	tokenPath   = "/var/run/secrets/kubernetes.io/serviceaccount"
	// rootCA is the config map by which Pods know the API server.
	rootCA = "kube-root-ca.crt"
)

// The default account is made soon after its namespace, by a controller. A Pod that is created at once waits that long for it.
const (
	defaultAccountInterval = 50 * time.Millisecond
	defaultAccountPatience = 2 * time.Second
)

func (p podAccount) Admit(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	pod, err := admittedPod(a)
	if pod == nil || err != nil {
		return err
	}
	if _, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		return checkMirror(a, pod)
	}
	if pod.Spec.ServiceAccountName == "" {
		pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = defaultAccount, defaultAccount
	}
	account, err := p.find(ctx, a.GetNamespace(), pod.Spec.ServiceAccountName)
	if err != nil {
		return admission.NewForbidden(a, fmt.Errorf("error looking up service account %s/%s: %w", a.GetNamespace(), pod.Spec.ServiceAccountName, err))
	}
	if ptr.Deref(pod.Spec.AutomountServiceAccountToken, ptr.Deref(account.AutomountServiceAccountToken, true)) {
		mountToken(pod, names.SimpleNameGenerator.GenerateName(tokenVolume))
	}
	if len(pod.Spec.ImagePullSecrets) == 0 {
		pod.Spec.ImagePullSecrets = slices.Clone(account.ImagePullSecrets)
	}
	if enforce, _ := strconv.ParseBool(account.Annotations[kind.EnforceMountableSecrets]); enforce {
		if err := onlyMountable(account, pod); err != nil {
			return admission.NewForbidden(a, err)
		}
	}
	return nil
}

// find returns an account. What is missing is called by its singular, as upstream does.
func (p podAccount) find(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	account, err := p.access.account(ctx, namespace, name)
	if name == defaultAccount && apierrors.IsNotFound(err) {
		// What was found last says more than that the time is over.
		_ = wait.PollUntilContextTimeout(ctx, defaultAccountInterval, defaultAccountPatience, false, func(context.Context) (bool, error) {
			account, err = p.access.account(ctx, namespace, name)
			return !apierrors.IsNotFound(err), nil
		})
	}
	if apierrors.IsNotFound(err) {
		return nil, apierrors.NewNotFound(corev1.Resource("serviceaccount"), name)
	}
	return account, err
}

// checkMirror: a mirror of what a node runs of its own can use nothing of the API's.
func checkMirror(a admission.Attributes, pod *corev1.Pod) error {
	if pod.Spec.ServiceAccountName != "" {
		return admission.NewForbidden(a, fmt.Errorf("a mirror pod may not reference service accounts"))
	}
	for source := range kind.Sources(pod) {
		if source.Resource == kind.Secrets {
			return admission.NewForbidden(a, fmt.Errorf("a mirror pod may not reference secrets"))
		}
	}
	for i := range pod.Spec.Volumes {
		if projected := pod.Spec.Volumes[i].Projected; projected != nil {
			if slices.ContainsFunc(projected.Sources, func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken != nil }) {
				return admission.NewForbidden(a, fmt.Errorf("a mirror pod may not use ServiceAccountToken volume projections"))
			}
		}
	}
	return nil
}

// mountToken gives each container the volume, unless it has something of its own at the place.
func mountToken(pod *corev1.Pod, volume string) {
	there := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return strings.HasPrefix(v.Name, tokenVolume) })
	if there >= 0 {
		volume = pod.Spec.Volumes[there].Name
	}
	mounted := false
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			c := &containers[i]
			if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == tokenPath }) {
				c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume, ReadOnly: true, MountPath: tokenPath})
				mounted = true
			}
		}
	}
	if there < 0 && mounted {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{Projected: accessVolume()}})
	}
}

// accessVolume is what a Pod needs to speak to the API: a token, the server's authority, and its own namespace.
func accessVolume() *corev1.ProjectedVolumeSource {
	return &corev1.ProjectedVolumeSource{
		DefaultMode: ptr.To(corev1.ProjectedVolumeSourceDefaultMode),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: ptr.To[int64](mountedTokenLife)}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: rootCA}, Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "ca.crt"}},
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}},
			}}},
		},
	}
}

// onlyMountable refuses secrets that the account does not name.
func onlyMountable(account *corev1.ServiceAccount, pod *corev1.Pod) error {
	known := func(name string) bool {
		return slices.ContainsFunc(account.Secrets, func(s corev1.ObjectReference) bool { return s.Name == name })
	}
	for i := range pod.Spec.Volumes {
		if secret := pod.Spec.Volumes[i].Secret; secret != nil && !known(secret.SecretName) {
			return fmt.Errorf("volume with secret.secretName=%q is not allowed because service account %s does not reference that secret", secret.SecretName, account.Name)
		}
	}
	for _, list := range []struct {
		what       string
		containers []corev1.Container
	}{{"init container", pod.Spec.InitContainers}, {"container", pod.Spec.Containers}} {
		for i := range list.containers {
			if err := onlyMountableIn(account.Name, list.what, &list.containers[i], known); err != nil {
				return err
			}
		}
	}
	for i, secret := range pod.Spec.ImagePullSecrets {
		if !slices.Contains(account.ImagePullSecrets, secret) {
			return fmt.Errorf("imagePullSecrets[%d].name=%q is not allowed because service account %s does not reference that imagePullSecret", i, secret.Name, account.Name)
		}
	}
	return nil
}

func onlyMountableIn(account, what string, c *corev1.Container, known func(string) bool) error {
	for _, env := range c.Env {
		if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil && !known(env.ValueFrom.SecretKeyRef.Name) {
			return fmt.Errorf("%s %s with envVar %s referencing secret.secretName=%q is not allowed because service account %s does not reference that secret",
				what, c.Name, env.Name, env.ValueFrom.SecretKeyRef.Name, account)
		}
	}
	for _, from := range c.EnvFrom {
		if from.SecretRef != nil && !known(from.SecretRef.Name) {
			return fmt.Errorf("%s %s with envFrom referencing secret.secretName=%q is not allowed because service account %s does not reference that secret",
				what, c.Name, from.SecretRef.Name, account)
		}
	}
	return nil
}
