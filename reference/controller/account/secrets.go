package account

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// secretTokenLife is how long the token in a Secret is good, in seconds: 136 years, the longest that can be asked for.
const secretTokenLife = 1 << 32

// Secrets is the loop around decideSecret: it fills the Secrets of the type kubernetes.io/service-account-token, and removes those whose
// account is not there. (pkg/controller/serviceaccount/tokens_controller.go in Kubernetes)
type Secrets struct {
	client    kubernetes.Interface
	authority []byte
	queue     loop.Queue[types.NamespacedName]
	accounts  corelisters.ServiceAccountLister
	// Of the Secrets only those of the one type are followed.
	informer  cache.SharedIndexInformer
	secrets   corelisters.SecretLister
	hasSynced []cache.InformerSynced
}

// NewSecrets registers the controller with the informers; they must not have been started yet. authority is what Pods know the server by, as PEM.
func NewSecrets(client kubernetes.Interface, factory informers.SharedInformerFactory, authority []byte) (*Secrets, error) {
	accounts := factory.Core().V1().ServiceAccounts()
	c := &Secrets{
		client: client, authority: authority, queue: loop.NewQueue[types.NamespacedName]("account-secret"), accounts: accounts.Lister(),
		informer: coreinformers.NewFilteredSecretInformer(client, metav1.NamespaceAll, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
			func(o *metav1.ListOptions) {
				o.FieldSelector = fields.OneTermEqualSelector("type", string(corev1.SecretTypeServiceAccountToken)).String()
			}),
	}
	c.secrets = corelisters.NewSecretLister(c.informer.GetIndexer())
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		accounts.Informer(): cache.ResourceEventHandlerFuncs{DeleteFunc: c.accountDeleted},
		c.informer:          cache.ResourceEventHandlerFuncs{AddFunc: c.secretChanged, UpdateFunc: func(_, obj any) { c.secretChanged(obj) }},
	})
	return c, err
}

// Run sees to all Secrets of the type until ctx ends.
func (c *Secrets) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		c.informer.RunWithContext(ctx)
	}()
	defer func() { <-stopped }()
	if err := loop.WaitForCaches(ctx, "account-secret", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "account-secret", c.queue, workers, c.sync)
	return nil
}

func (c *Secrets) secretChanged(obj any) {
	if secret, ok := obj.(*corev1.Secret); ok {
		c.queue.Add(types.NamespacedName{Namespace: secret.Namespace, Name: secret.Name})
	}
}

// accountDeleted has all Secrets of the namespace looked at. One that comes after this finds no account by itself.
func (c *Secrets) accountDeleted(obj any) {
	account, ok := loop.Deleted[*corev1.ServiceAccount](obj)
	if !ok {
		return
	}
	of, err := c.informer.GetIndexer().ByIndex(cache.NamespaceIndex, account.Namespace)
	if err != nil { // there is that index
		panic(err)
	}
	for _, secret := range of {
		c.secretChanged(secret)
	}
}

func (c *Secrets) sync(ctx context.Context, key types.NamespacedName) error {
	secret, err := c.secrets.Secrets(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read secret %s: %w", key, err)
	}
	account, err := c.account(ctx, secret)
	if err != nil {
		return fmt.Errorf("read the service account of secret %s: %w", key, err)
	}
	do := decideSecret(secret, account, c.authority)
	switch {
	case do.remove:
		err = c.client.CoreV1().Secrets(key.Namespace).Delete(ctx, key.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(secret.UID))})
	case do.update != nil:
		if do.token {
			if err := c.addToken(ctx, do.update); err != nil {
				return fmt.Errorf("make the token of secret %s: %w", key, err)
			}
		}
		_, err = c.client.CoreV1().Secrets(key.Namespace).Update(ctx, do.update, metav1.UpdateOptions{})
	}
	if err := ignoreOvertaken(err); err != nil {
		return fmt.Errorf("see to secret %s: %w", key, err)
	}
	return nil
}

// account is the one that a Secret names, or nil. What the cache does not know may be new, and is asked of the server.
func (c *Secrets) account(ctx context.Context, secret *corev1.Secret) (*corev1.ServiceAccount, error) {
	name := secret.Annotations[corev1.ServiceAccountNameKey]
	account, err := c.accounts.ServiceAccounts(secret.Namespace).Get(name)
	if err == nil && isOf(secret, account) {
		return account, nil
	}
	account, err = c.client.CoreV1().ServiceAccounts(secret.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && !isOf(secret, account):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return account, nil
}

// isOf says whether a Secret means this account: by its UID, once it has been told.
func isOf(secret *corev1.Secret, account *corev1.ServiceAccount) bool {
	uid := secret.Annotations[corev1.ServiceAccountUIDKey]
	return uid == "" || uid == string(account.UID)
}

// secretActions is what becomes of a Secret. Nothing, if both are unset.
type secretActions struct {
	remove bool
	update *corev1.Secret
	token  bool // the update still lacks its token
}

// decideSecret compares a Secret with what it should hold; account is nil where there is none. One that was declared immutable stays as it is.
func decideSecret(secret *corev1.Secret, account *corev1.ServiceAccount, authority []byte) secretActions {
	if account == nil {
		return secretActions{remove: true}
	}
	token := len(secret.Data[corev1.ServiceAccountTokenKey]) == 0
	namespace := len(secret.Data[corev1.ServiceAccountNamespaceKey]) == 0
	if !token && !namespace && bytes.Equal(secret.Data[corev1.ServiceAccountRootCAKey], authority) || secret.Immutable != nil && *secret.Immutable {
		return secretActions{}
	}
	update := secret.DeepCopy()
	if update.Data == nil {
		update.Data = map[string][]byte{}
	}
	update.Data[corev1.ServiceAccountRootCAKey] = authority
	if namespace {
		update.Data[corev1.ServiceAccountNamespaceKey] = []byte(secret.Namespace)
	}
	maps.Copy(update.Annotations, map[string]string{corev1.ServiceAccountNameKey: account.Name, corev1.ServiceAccountUIDKey: string(account.UID)})
	return secretActions{update: update, token: token}
}

// addToken asks for a token that is good as long as the Secret is there.
func (c *Secrets) addToken(ctx context.Context, secret *corev1.Secret) error {
	life := int64(secretTokenLife)
	asked, err := c.client.CoreV1().ServiceAccounts(secret.Namespace).CreateToken(ctx, secret.Annotations[corev1.ServiceAccountNameKey], &authenticationv1.TokenRequest{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(secret.Annotations[corev1.ServiceAccountUIDKey])},
		Spec: authenticationv1.TokenRequestSpec{
			ExpirationSeconds: &life,
			BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Secret", Name: secret.Name, UID: secret.UID},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	secret.Data[corev1.ServiceAccountTokenKey] = []byte(asked.Status.Token)
	return nil
}
