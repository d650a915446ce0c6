package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	apiClients = 8
	apiCreates = 2000
	apiLists   = 200
	apiPage    = 500 // as kubectl reads them
	apiPayload = 1024
)

// apiCalls has several clients create objects, and then list them, as fast as they are answered. Answers to lists are read
// and not decoded: it is the server that is measured, and the client has its share of the same machine.
func apiCalls(ctx context.Context, t *trial) error {
	if err := t.warmUp(ctx); err != nil {
		return err
	}
	maps := t.clients.CoreV1().ConfigMaps(namespace)
	value := strings.Repeat("x", apiPayload)
	creates, wall, err := calls(ctx, apiCreates, apiClients, func(ctx context.Context, i int) error {
		_, err := maps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("map-%04d", i)}, Data: map[string]string{"value": value},
		}, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("create ConfigMaps: %w", err)
	}
	t.recordCalls("api-creates", "api-create", creates, wall)
	core := t.clients.CoreV1().RESTClient()
	lists, wall, err := calls(ctx, apiLists, apiClients, func(ctx context.Context, _ int) error {
		_, err := core.Get().Namespace(namespace).Resource("configmaps").Param("limit", fmt.Sprint(apiPage)).DoRaw(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("list ConfigMaps: %w", err)
	}
	t.recordCalls("api-lists", "api-list", lists, wall)
	return nil
}

func (t *trial) recordCalls(rate, latency string, took []float64, wall time.Duration) {
	perSecond := float64(len(took)) / wall.Seconds()
	t.round.record(rate, perSecond)
	t.round.record(latency+"-p50", quantile(took, 0.5))
	t.round.record(latency+"-p99", quantile(took, 0.99))
	t.say("%s: %s a second, p50 %s ms, p99 %s ms", rate, short(perSecond), short(quantile(took, 0.5)), short(quantile(took, 0.99)))
}

// calls makes n calls, so many at a time, and returns how many milliseconds each took, and the whole. The first error
// ends it.
func calls(ctx context.Context, n, atATime int, call func(ctx context.Context, i int) error) ([]float64, time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]float64, n)
	next := make(chan int)
	var callers sync.WaitGroup
	begun := time.Now()
	for range atATime {
		callers.Go(func() {
			for i := range next {
				began := time.Now()
				if err := call(ctx, i); err != nil {
					cancel(err)
					return
				}
				took[i] = time.Since(began).Seconds() * 1000
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	callers.Wait()
	return took, time.Since(begun), context.Cause(ctx)
}
