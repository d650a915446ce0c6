package main

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// A connection is late in one way, whole, and not slower for what waits behind one another.
func TestDelayed(t *testing.T) {
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return listener
	}
	server, way := listen(), listen()
	served := make(chan error, 2)
	go func() { // echoes until the client has said all
		connection, err := server.Accept()
		if err == nil {
			_, err = io.Copy(connection, connection)
			connection.Close()
		}
		served <- err
	}()
	ctx, cancel := context.WithCancel(t.Context())
	const delay = 100 * time.Millisecond
	go func() { served <- delayed{server.Addr().String(), delay}.serve(ctx, way) }()
	client, err := net.Dial("tcp", way.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	begun := time.Now()
	for range 20 {
		if _, err := client.Write([]byte("word ")); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(client)
	if err != nil || len(got) != 100 {
		t.Errorf("%q, %v", got, err)
	}
	if took := time.Since(begun); took < delay {
		t.Errorf("everything was there after %s", took)
	}
	cancel()
	for range 2 {
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}
