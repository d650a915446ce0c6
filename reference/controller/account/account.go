// Package account gives each namespace what its Pods need to speak to the API: a default service account, and the certificate by which
// they know the server. It fills the Secrets that hold a service account's token.
package account

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/plumbline/plumbline/reference/controller/loop"
)

// The names of what each namespace has, and what the config map says of itself. (pkg/controller/certificates/rootcacertpublisher in Kubernetes)
const (
	defaultAccount = "default"
	rootCA         = "kube-root-ca.crt"
	rootCAKey      = "ca.crt"
	description    = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
		"No other usage is guaranteed across distributions of Kubernetes clusters."
	descriptionKey = "kubernetes.io/description"
)

// workers is how many namespaces are seen to at once.
const workers = 5

// Controller is the loop around decide.
type Controller struct {
	client     kubernetes.Interface
	authority  string
	queue      loop.Queue[string]
	namespaces corelisters.NamespaceLister
	accounts   corelisters.ServiceAccountLister
	// Of the config maps only those of one name are followed.
	informer  cache.SharedIndexInformer
	maps      corelisters.ConfigMapLister
	hasSynced []cache.InformerSynced
}

// New registers the controller with the informers; they must not have been started yet. authority is what the config maps hold, as PEM.
func New(client kubernetes.Interface, factory informers.SharedInformerFactory, authority []byte) (*Controller, error) {
	namespaces, accounts := factory.Core().V1().Namespaces(), factory.Core().V1().ServiceAccounts()
	c := &Controller{
		client: client, authority: string(authority), queue: loop.NewQueue[string]("account"), namespaces: namespaces.Lister(), accounts: accounts.Lister(),
		informer: coreinformers.NewFilteredConfigMapInformer(client, metav1.NamespaceAll, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
			func(o *metav1.ListOptions) {
				o.FieldSelector = fields.OneTermEqualSelector("metadata.name", rootCA).String()
			}),
	}
	c.maps = corelisters.NewConfigMapLister(c.informer.GetIndexer())
	var err error
	c.hasSynced, err = loop.Follow(loop.Handlers{
		namespaces.Informer(): cache.ResourceEventHandlerFuncs{AddFunc: c.namespaceChanged, UpdateFunc: func(_, obj any) { c.namespaceChanged(obj) }},
		accounts.Informer():   cache.ResourceEventHandlerFuncs{DeleteFunc: c.contentChanged},
		c.informer:            cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, obj any) { c.contentChanged(obj) }, DeleteFunc: c.contentChanged},
	})
	return c, err
}

// Run sees to all namespaces until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		c.informer.RunWithContext(ctx)
	}()
	defer func() { <-stopped }()
	if err := loop.WaitForCaches(ctx, "account", c.hasSynced...); err != nil {
		return err
	}
	loop.Run(ctx, "account", c.queue, workers, c.sync)
	return nil
}

func (c *Controller) namespaceChanged(obj any) {
	if namespace, ok := obj.(*corev1.Namespace); ok {
		c.queue.Add(namespace.Name)
	}
}

func (c *Controller) contentChanged(obj any) {
	if object, ok := loop.Deleted[metav1.Object](obj); ok {
		c.queue.Add(object.GetNamespace())
	}
}

func (c *Controller) sync(ctx context.Context, name string) error {
	namespace, err := c.namespaces.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	account, err := c.accounts.ServiceAccounts(name).Get(defaultAccount)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read service account %s/%s: %w", name, defaultAccount, err)
	}
	config, err := c.maps.ConfigMaps(name).Get(rootCA)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read config map %s/%s: %w", name, rootCA, err)
	}
	return c.carryOut(ctx, name, decide(namespace, account, config, c.authority))
}

// actions are what a namespace lacks. At most one of createMap and updateMap is set.
type actions struct {
	createAccount        bool
	createMap, updateMap *corev1.ConfigMap
}

// decide compares what a namespace has with what it should have; account and config are nil where there is none.
func decide(namespace *corev1.Namespace, account *corev1.ServiceAccount, config *corev1.ConfigMap, authority string) actions {
	if namespace.DeletionTimestamp != nil || namespace.Status.Phase == corev1.NamespaceTerminating {
		return actions{}
	}
	a := actions{createAccount: account == nil}
	wanted := map[string]string{rootCAKey: authority}
	switch {
	case config == nil:
		a.createMap = &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: rootCA, Namespace: namespace.Name, Annotations: map[string]string{descriptionKey: description}}, Data: wanted,
		}
	case !maps.Equal(config.Data, wanted) || config.Annotations[descriptionKey] == "":
		a.updateMap = config.DeepCopy()
		a.updateMap.Data = wanted
		if a.updateMap.Annotations == nil {
			a.updateMap.Annotations = map[string]string{}
		}
		a.updateMap.Annotations[descriptionKey] = description
	}
	return a
}

func (c *Controller) carryOut(ctx context.Context, namespace string, a actions) error {
	if a.createAccount {
		_, err := c.client.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: defaultAccount}}, metav1.CreateOptions{})
		if err := ignoreOvertaken(err); err != nil {
			return fmt.Errorf("create service account %s/%s: %w", namespace, defaultAccount, err)
		}
	}
	var err error
	switch {
	case a.createMap != nil:
		_, err = c.client.CoreV1().ConfigMaps(namespace).Create(ctx, a.createMap, metav1.CreateOptions{})
	case a.updateMap != nil:
		_, err = c.client.CoreV1().ConfigMaps(namespace).Update(ctx, a.updateMap, metav1.UpdateOptions{})
	}
	if err := ignoreOvertaken(err); err != nil {
		return fmt.Errorf("set config map %s/%s: %w", namespace, rootCA, err)
	}
	return nil
}

// ignoreOvertaken: somebody was faster, or the namespace is going; what comes of it the watches tell.
func ignoreOvertaken(err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil
	}
	return err
}
