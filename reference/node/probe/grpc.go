package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	v1 "k8s.io/api/core/v1"
)

// doGRPC asks the gRPC health service, and succeeds when it says SERVING.
func doGRPC(ctx context.Context, t Target, action *v1.GRPCAction, timeout time.Duration) Outcome {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	addr := net.JoinHostPort(t.PodIP, strconv.Itoa(int(action.Port)))
	service := ""
	if action.Service != nil {
		service = *action.Service
	}
	// The connection is opened here, so that its failure can be told from the
	// service's.
	raw, err := dialer().DialContext(limited, "tcp", addr)
	switch {
	case ctx.Err() != nil:
		return Outcome{Result: Unknown, Err: ctx.Err()}
	case err != nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		return Outcome{Result: Failure, Output: fmt.Sprintf("timeout: failed to connect service %q within %v: %+v", addr, timeout, err)}
	case err != nil:
		return Outcome{Result: Failure, Output: fmt.Sprintf("timeout: failed to connect service %q within %v: %+v", addr, timeout, err), Refused: refused(err)}
	}
	first := raw
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithUserAgent("kube-probe/"+UserAgentVersion),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			if c := first; c != nil {
				first = nil
				return c, nil
			}
			return dialer().DialContext(ctx, "tcp", addr)
		}))
	if err != nil {
		_ = raw.Close()
		return Outcome{Result: Failure, Output: fmt.Sprintf("error: failed to connect service at %q: %+v", addr, err)}
	}
	defer conn.Close()
	res, err := grpc_health_v1.NewHealthClient(conn).Check(limited, &grpc_health_v1.HealthCheckRequest{Service: service})
	switch {
	case ctx.Err() != nil:
		return Outcome{Result: Unknown, Err: ctx.Err()}
	case err != nil && status.Code(err) == codes.Unimplemented:
		return Outcome{Result: Failure, Output: "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): " + status.Convert(err).Message()}
	case err != nil && status.Code(err) == codes.DeadlineExceeded:
		return Outcome{Result: Failure, Output: fmt.Sprintf("timeout: health rpc did not complete within %v", timeout)}
	case err != nil:
		return Outcome{Result: Failure, Output: fmt.Sprintf("error: health rpc probe failed: %+v", err)}
	case res.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		return Outcome{Result: Failure, Output: fmt.Sprintf("service unhealthy (responded with %q)", res.GetStatus())}
	}
	return Outcome{Result: Success, Output: "service healthy"}
}
