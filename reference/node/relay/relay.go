// Package relay passes DNS messages on to name servers that only the node can reach, such as Docker's, which listens on the loopback
// interface of each container. Pods have a loopback interface of their own; they ask the relay.
//
// Messages are not read. What comes over UDP goes on over UDP, and what comes over TCP over TCP, so that answers are as long as they may be.
package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

const (
	// patience is how long a name server has for an answer. Whoever asked asks again after five seconds (resolv.conf(5)).
	patience = 5 * time.Second
	// idle is how long a connection may be silent (RFC 7766, 6.2.3).
	idle = 10 * time.Second
	// atATime bounds the questions, and the connections, that are under way. What comes on top is dropped, as on a busy network.
	atATime = 1000
	// longest is the size of the longest message.
	longest = 64 << 10
)

// Relay listens at an address for UDP and TCP.
type Relay struct {
	servers   func() ([]netip.AddrPort, error)
	datagrams net.PacketConn
	streams   net.Listener
	places    chan struct{}
	group     sync.WaitGroup
}

// Listen begins to listen at an address of the node. servers are asked one after the other; they are looked up for each question.
func Listen(ctx context.Context, address netip.AddrPort, servers func() ([]netip.AddrPort, error)) (*Relay, error) {
	var config net.ListenConfig
	streams, err := config.Listen(ctx, "tcp4", address.String())
	if err != nil {
		return nil, fmt.Errorf("listen for DNS over TCP: %w", err)
	}
	// With port 0, which tests give, both get the same one.
	datagrams, err := config.ListenPacket(ctx, "udp4", streams.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for DNS over UDP: %w", err), streams.Close())
	}
	return &Relay{servers: servers, datagrams: datagrams, streams: streams, places: make(chan struct{}, atATime)}, nil
}

// Run passes messages on until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() {
		_ = r.datagrams.Close()
		_ = r.streams.Close()
	})
	r.group.Go(func() { r.acceptStreams(ctx) })
	r.readDatagrams(ctx)
	cancel()
	r.group.Wait()
}

// begin runs f if there is a place left.
func (r *Relay) begin(f func()) bool {
	select {
	case r.places <- struct{}{}:
	default:
		return false
	}
	r.group.Go(func() {
		defer func() { <-r.places }()
		f()
	})
	return true
}

func (r *Relay) readDatagrams(ctx context.Context) {
	buffer := make([]byte, longest)
	for {
		n, from, err := r.datagrams.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // it is about what was sent before: nobody took an answer
		}
		question := append([]byte(nil), buffer[:n]...)
		r.begin(func() {
			answer, err := r.ask(ctx, question)
			if err != nil {
				klog.FromContext(ctx).V(1).Info("A question for a name was not answered", "from", from.String(), "reason", err.Error())
				return
			}
			_, _ = r.datagrams.WriteTo(answer, from) // who asked may be gone
		})
	}
}

// ask puts a question to the servers, one after the other, until one answers.
func (r *Relay) ask(ctx context.Context, question []byte) (answer []byte, err error) {
	servers, err := r.servers()
	if err != nil {
		return nil, err
	}
	failures := []error{errors.New("no name server answers")}
	for _, server := range servers {
		answer, err := askOne(ctx, server, question)
		if err == nil {
			return answer, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func askOne(ctx context.Context, server netip.AddrPort, question []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", server.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	answer := make([]byte, longest)
	n, err := conn.Read(answer)
	return answer[:n], err
}

func (r *Relay) acceptStreams(ctx context.Context) {
	for {
		client, err := r.streams.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			klog.FromContext(ctx).Error(err, "A connection for DNS was not accepted")
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond): // such as too many open files
			}
			continue
		}
		if !r.begin(func() { r.join(ctx, client) }) {
			_ = client.Close()
		}
	}
}

// join connects a client to the first server that takes the connection.
func (r *Relay) join(ctx context.Context, client net.Conn) {
	defer client.Close()
	servers, err := r.servers()
	if err != nil {
		klog.FromContext(ctx).Error(err, "The node's name servers are not known")
		return
	}
	for _, server := range servers {
		upstream, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", server.String())
		if err != nil {
			continue
		}
		defer upstream.Close()
		stop := context.AfterFunc(ctx, func() {
			_ = client.Close()
			_ = upstream.Close()
		})
		defer stop()
		var both sync.WaitGroup
		both.Go(func() { pass(client, upstream) })
		both.Go(func() { pass(upstream, client) })
		both.Wait()
		return
	}
}

// pass copies what one side says until it ends or is silent for too long. The other side hears of the end.
func pass(from, to net.Conn) {
	buffer := make([]byte, 4<<10)
	for {
		_ = from.SetReadDeadline(time.Now().Add(idle))
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = to.Close()
			}
			break
		}
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
