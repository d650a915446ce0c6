package probe

import (
	"context"
	"net"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
)

// doTCP succeeds when the port accepts a connection.
func doTCP(ctx context.Context, t Target, action *v1.TCPSocketAction, timeout time.Duration) Outcome {
	port, err := ResolvePort(action.Port, t.Container)
	if err != nil {
		return Outcome{Result: Unknown, Err: err}
	}
	host := action.Host
	if host == "" {
		host = t.PodIP
	}
	d := dialer()
	d.Timeout = timeout
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	switch {
	case ctx.Err() != nil:
		return Outcome{Result: Unknown, Err: ctx.Err()}
	case err != nil:
		return Outcome{Result: Failure, Output: err.Error(), Refused: refused(err)}
	}
	_ = conn.Close() // nothing was sent
	return Outcome{Result: Success}
}
