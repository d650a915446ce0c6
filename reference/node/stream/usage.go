package stream

import (
	"encoding/json"
	"net/http"

	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// Where a node tells what it uses (NodeMetrics; 404 until that was measured), and what its Pods use (PodMetricsList), as JSON.
const (
	nodeUsagePath = "/usage/node"
	podUsagePath  = "/usage/pods"
)

func (s *Server) nodeUsage(w http.ResponseWriter, _ *http.Request) {
	usage, ok := s.Host.NodeUsage()
	if !ok {
		http.Error(w, "not measured yet", http.StatusNotFound)
		return
	}
	answerJSON(w, usage)
}

func (s *Server) podUsage(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, metricsv1beta1.PodMetricsList{Items: s.Host.PodUsage()})
}

func answerJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // who asked has gone
}
