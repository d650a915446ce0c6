package controller_test

import (
	"testing"
	"time"
)

// TestControllers runs every loop against a real API server.
func TestControllers(t *testing.T) {
	c := startCluster(t, time.Hour)
	c.nodes(3)
	for name, test := range map[string]func(*testing.T, *cluster){
		"scale":      testScale,
		"settled":    testSettled,
		"adopt":      testAdoptAndQuarantine,
		"cascade":    testCascade,
		"two owners": testTwoOwners,
		"endpoints":  testEndpoints,
		"namespace":  testNamespace,
		"held":       testHeldNamespace,
		"unfit":      testUnschedulable,
		"mirror":     testMirror,
		"other":      testOtherScheduler,
		"balancers":  testLoadBalancers,
		"rollout":    testRollout,
		"recreate":   testRecreate,
		"pause":      testPauseAndDeadline,
		"deployment": testDeploymentOwnership,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}
