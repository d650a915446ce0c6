package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline/plumbline/fixtures"
)

// startOne judges the start of the cluster that the other measures use.
func startOne(ctx context.Context, t *trial) error {
	return t.recordStart(ctx, "start-one")
}

// startThree starts the default cluster, and removes it.
func startThree(ctx context.Context, t *trial) (err error) {
	if err := t.begin(ctx, 3); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.finish(ctx)) }()
	return t.recordStart(ctx, "start-three")
}

// begin starts a cluster.
func (t *trial) begin(ctx context.Context, nodes int) error {
	within, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	cluster, err := t.target.clusters.Start(within, fixtures.Spec{Nodes: nodes})
	if err != nil {
		return fmt.Errorf("start a cluster: %w", err)
	}
	t.cluster, t.readyAt = cluster, time.Now()
	t.clients, err = clientsFor(cluster.Config())
	return err
}

const startPatience = 5 * time.Minute

// finish removes the cluster, also after an interrupt.
func (t *trial) finish(ctx context.Context) error {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := t.cluster.Stop(within)
	t.cluster, t.clients = nil, nil
	return err
}

// recordStart counts from the moment at which Docker started the first container. What comes before it, such as making
// the network and putting the image into the container, is the harness's.
func (t *trial) recordStart(ctx context.Context, id string) error {
	started, err := t.cluster.Started(ctx)
	if err != nil {
		return err
	}
	used, err := t.cluster.Usage(ctx)
	if err != nil {
		return err
	}
	took := t.readyAt.Sub(started)
	t.round.record(id, took.Seconds())
	t.round.record(id+"-cpu", used.CPU.Seconds())
	t.say("%s: Ready after %s s and %s s of CPU", id, short(took.Seconds()), short(used.CPU.Seconds()))
	return t.recordDNS(ctx, id+"-dns", started)
}

const (
	dnsService = "kube-dns"
	// dnsArrival is how long a cluster may take to say that it has DNS at all.
	dnsArrival  = 3 * time.Second
	dnsPatience = time.Minute
)

// recordDNS has a Pod connect to the API server by name until it can: DNS then answers where it is needed. The Pod is
// made when the nodes are Ready, and its own start is part of the figure.
func (t *trial) recordDNS(ctx context.Context, id string, started time.Time) error {
	has, err := t.hasDNS(ctx)
	if err != nil {
		return err
	}
	if !has {
		t.round.miss(id, fmt.Sprintf("the target has no DNS yet (no Service kube-system/%s)", dnsService))
		return nil
	}
	if err := t.warmUp(ctx); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, dnsPatience)
	defer cancel()
	pod := t.pod("by-name", "tcp", "kubernetes.default.svc:443", "--quiet", "--interval=20ms", "--timeout=500ms", "--for=2m")
	if _, err := t.startPod(within, pod); err != nil {
		return err
	}
	asked, err := t.follow(within, pod.Name)
	if err != nil {
		return err
	}
	defer asked.Close()
	for {
		a, err := asked.next()
		if err != nil {
			return fmt.Errorf("connect by name: %w", err)
		}
		if a.Error == "" {
			took := a.ended().Sub(started)
			t.round.record(id, took.Seconds())
			t.say("%s: connected by name after %s s", id, short(took.Seconds()))
			break
		}
	}
	return t.removePods(ctx)
}

func (t *trial) hasDNS(ctx context.Context) (bool, error) {
	for begun := time.Now(); ; {
		_, err := t.clients.CoreV1().Services("kube-system").Get(ctx, dnsService, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) || time.Since(begun) > dnsArrival {
			return err == nil, skipNotFound(err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return false, err
		}
	}
}

func skipNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// attempt is a line of the workload image's clients: one connection.
type attempt struct {
	At     time.Time `json:"at"` // when it began, by the node's clock
	Millis float64   `json:"ms"`
	Who    string    `json:"who"`
	Error  string    `json:"error"`
}

func (a attempt) ended() time.Time {
	return a.At.Add(time.Duration(a.Millis * float64(time.Millisecond)))
}

// attempts reads what a client in a Pod prints.
type attempts struct {
	close   func() error
	decoder *json.Decoder
}

func (a *attempts) Close() error { return a.close() }

func (a *attempts) next() (attempt, error) {
	var one attempt
	if err := a.decoder.Decode(&one); err != nil {
		return attempt{}, fmt.Errorf("read the client's output: %w", err)
	}
	return one, nil
}
