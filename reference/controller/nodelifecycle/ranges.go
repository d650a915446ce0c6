package nodelifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// assignRange gives the node its part of the cluster's range, once.
func (c *Controller) assignRange(ctx context.Context, node *corev1.Node) error {
	if node.Spec.PodCIDR != "" || !c.options.ClusterCIDR.IsValid() {
		return nil
	}
	assigned, err := c.reserveRange(node.Name)
	if err != nil {
		if errors.Is(err, errNoCIDR) {
			c.recorder.Eventf(reference(node), corev1.EventTypeNormal, "CIDRNotAvailable", "Node %s status is now: CIDRNotAvailable", node.Name)
		}
		return fmt.Errorf("assign a pod range to node %s: %w", node.Name, err)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID},
		"spec":     map[string]any{"podCIDR": assigned.String(), "podCIDRs": []string{assigned.String()}},
	})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	if _, err := c.client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("assign pod range %v to node %s: %w", assigned, node.Name, err)
	}
	return nil
}

// reserveRange chooses a range that no node has, and none was promised.
func (c *Controller) reserveRange(name string) (netip.Prefix, error) {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list nodes: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if promised, ok := c.ranges[name]; ok {
		return promised, nil
	}
	var used []netip.Prefix
	for _, node := range nodes {
		if prefix, err := netip.ParsePrefix(node.Spec.PodCIDR); err == nil {
			used = append(used, prefix)
		}
	}
	for _, prefix := range c.ranges {
		used = append(used, prefix)
	}
	chosen, err := nextCIDR(c.options.ClusterCIDR, c.options.MaskSize, used)
	if err == nil {
		c.ranges[name] = chosen
	}
	return chosen, err
}
