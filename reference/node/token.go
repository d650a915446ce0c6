package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

// tokens are the tokens of service accounts in the volumes of the node's Pods. Each is asked for once, and again when most of its time is
// over. (pkg/kubelet/token in Kubernetes)
type tokens struct {
	client kubernetes.Interface
	stale  func(uid types.UID) // a token of the Pod's is to be replaced

	mu   sync.Mutex
	held map[types.UID]map[tokenKey]heldToken
}

// tokenKey tells the tokens of one Pod from each other.
type tokenKey struct {
	audience string
	seconds  int64
}

type heldToken struct {
	text    string
	renew   time.Time
	expires time.Time
	timer   *time.Timer
}

func newTokens(client kubernetes.Interface, stale func(types.UID)) *tokens {
	return &tokens{client: client, stale: stale, held: map[types.UID]map[tokenKey]heldToken{}}
}

// maxTokenAge is when a token is replaced however long it would be good.
const maxTokenAge = 24 * time.Hour

// renewAt: after four fifths of its life, or a day.
func renewAt(issued, expires time.Time) time.Time {
	return issued.Add(min(expires.Sub(issued)*4/5, maxTokenAge))
}

// get returns a token for a projection of the Pod. When a new one is not to be had, an old one is used as long as it is good.
func (t *tokens) get(ctx context.Context, pod *v1.Pod, source *v1.ServiceAccountTokenProjection) (string, error) {
	key := tokenKey{source.Audience, 0}
	if source.ExpirationSeconds != nil {
		key.seconds = *source.ExpirationSeconds
	}
	t.mu.Lock()
	have, found := t.held[pod.UID][key]
	t.mu.Unlock()
	now := time.Now()
	if found && now.Before(have.renew) {
		return have.text, nil
	}
	fresh, err := t.request(ctx, pod, source)
	switch {
	case err == nil:
	case found && now.Before(have.expires):
		klog.FromContext(ctx).Error(err, "Token not renewed, trying again", "pod", podRef(pod))
		t.hold(pod.UID, key, heldToken{text: have.text, renew: now, expires: have.expires}, now.Add(tokenRetry))
		return have.text, nil
	default:
		return "", fmt.Errorf("failed to fetch token: %w", err)
	}
	expires := fresh.Status.ExpirationTimestamp.Time
	held := heldToken{text: fresh.Status.Token, renew: renewAt(now, expires), expires: expires}
	t.hold(pod.UID, key, held, held.renew)
	return held.text, nil
}

// tokenRetry is how long a node waits before it asks again for what it did not get.
const tokenRetry = 10 * time.Second

func (t *tokens) request(ctx context.Context, pod *v1.Pod, source *v1.ServiceAccountTokenProjection) (*authenticationv1.TokenRequest, error) {
	asked := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: source.ExpirationSeconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if source.Audience != "" {
		asked.Spec.Audiences = []string{source.Audience}
	}
	return t.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName, asked, metav1.CreateOptions{})
}

// hold keeps a token, and tells when it is to be looked at again.
func (t *tokens) hold(uid types.UID, key tokenKey, token heldToken, again time.Time) {
	token.timer = time.AfterFunc(time.Until(again), func() { t.stale(uid) })
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held[uid] == nil {
		t.held[uid] = map[tokenKey]heldToken{}
	}
	if old, found := t.held[uid][key]; found {
		old.timer.Stop()
	}
	t.held[uid][key] = token
}

// forget: the Pod needs none any more.
func (t *tokens) forget(uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, token := range t.held[uid] {
		token.timer.Stop()
	}
	delete(t.held, uid)
}
