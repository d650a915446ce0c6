package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	v1 "k8s.io/api/core/v1"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"

	"github.com/plumbline/plumbline/reference/node/runtime"
)

// portForward answers /portForward/NAMESPACE/POD[/UID].
func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	pod, ok := s.find(r)
	if !ok {
		http.Error(w, "pod does not exist", http.StatusNotFound)
		return
	}
	if pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed {
		http.Error(w, fmt.Sprintf("unable to forward port because pod is not running. Current status=%v", pod.Status.Phase), http.StatusInternalServerError)
		return
	}
	portforward.ServePortForward(w, r, &forwarder{s.Runtime, string(pod.UID)}, pod.Name, string(pod.UID), options,
		idleTimeout, remotecommand.DefaultStreamCreationTimeout, portforward.SupportedProtocols)
}

// forwarder connects streams with ports of one Pod.
type forwarder struct {
	runtime runtime.Runtime
	uid     string
}

// PortForward copies both ways until the Pod's side ends, or ctx does. A
// client that has said all it has to say may still listen.
func (f *forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	conn, err := f.runtime.Dial(ctx, f.uid, int(port))
	if err != nil {
		return fmt.Errorf("failed to execute portforward in network namespace of the pod: failed to connect to localhost:%d inside namespace: %w", port, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	said := make(chan struct{})
	go func() { // ends when the stream or the connection does, both of which are closed below
		defer close(said)
		_, _ = io.Copy(conn, stream) // how it failed shows on the other side
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}()
	_, err = io.Copy(stream, conn)
	_ = stream.Close()
	_ = conn.Close()
	<-said
	if err != nil && !errors.Is(err, net.ErrClosed) && ctx.Err() == nil {
		return fmt.Errorf("copy from the pod: %w", err)
	}
	return nil
}
