package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// delayed passes connections on to a server, whose bytes all arrive so much later than it sent them. Nothing is throttled and nothing is
// understood: TLS ends where it ended before, and whatever goes over the connection, a watch or an exec's stream, is late in the same way.
type delayed struct {
	server string // host:port
	delay  time.Duration
}

// serve takes connections until the context ends, and returns when all of them have ended.
func (d delayed) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	var group sync.WaitGroup
	defer group.Wait()
	for {
		client, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		group.Go(func() { d.carry(ctx, client) })
	}
}

// carry joins a client to the server, until one of them has ended both ways.
func (d delayed) carry(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.server)
	if err != nil {
		return // which the client sees as what it is: a connection that ends at once
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() { client.Close(); server.Close() })
	defer stop()
	var group sync.WaitGroup
	group.Go(func() {
		io.Copy(server, client) // an end or a break, both of which are passed on
		closeWrite(server)
	})
	group.Go(func() {
		late(client, server, d.delay)
		closeWrite(client)
	})
	group.Wait()
}

// piece is what was read at once, and when.
type piece struct {
	data []byte
	at   time.Time
}

// mostPieces bounds what waits: a reader that is slower than the delay holds the server back, as without it.
const mostPieces = 4096

// late copies, and lets each piece wait.
func late(to io.Writer, from io.Reader, delay time.Duration) {
	pieces := make(chan piece, mostPieces)
	broken := make(chan struct{})
	go func() {
		defer close(pieces)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				select {
				case pieces <- piece{buffer[:n], time.Now()}:
				case <-broken:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	defer close(broken)
	for p := range pieces {
		<-time.After(time.Until(p.at.Add(delay)))
		if _, err := to.Write(p.data); err != nil {
			return
		}
	}
}

// closeWrite tells the other side that nothing more comes.
func closeWrite(connection net.Conn) {
	if half, ok := connection.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil && !errors.Is(err, net.ErrClosed) {
			connection.Close()
		}
	}
}
