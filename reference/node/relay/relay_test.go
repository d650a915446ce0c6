package relay

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// server answers each message, over UDP and over TCP, with its name before it.
func server(t *testing.T, name string) netip.AddrPort {
	t.Helper()
	streams, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	datagrams, err := net.ListenPacket("udp4", streams.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = streams.Close(); _ = datagrams.Close() })
	go func() {
		buffer := make([]byte, longest)
		for {
			n, from, err := datagrams.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = datagrams.WriteTo(append([]byte(name+" "), buffer[:n]...), from)
		}
	}()
	go func() {
		for {
			conn, err := streams.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, name+" ")
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return netip.MustParseAddrPort(streams.Addr().String())
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return netip.MustParseAddrPort(listener.Addr().String())
}

// relayTo runs a relay until the end of the test.
func relayTo(t *testing.T, servers func() ([]netip.AddrPort, error)) string {
	t.Helper()
	r, err := Listen(t.Context(), loopback, servers)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return r.streams.Addr().String()
}

func ask(t *testing.T, network, address, question string) (string, error) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, question); err != nil {
		return "", err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
		answer, err := io.ReadAll(conn)
		return string(answer), err
	}
	answer := make([]byte, longest)
	n, err := conn.Read(answer)
	return string(answer[:n]), err
}

func TestMessagesArePassedOn(t *testing.T) {
	first, second := server(t, "first"), server(t, "second")
	away := nobody(t)
	for _, test := range []struct {
		name    string
		servers []netip.AddrPort
		want    string
	}{
		{"to the first server", []netip.AddrPort{first, second}, "first"},
		{"to the next, if the first does not answer", []netip.AddrPort{away, second}, "second"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := relayTo(t, func() ([]netip.AddrPort, error) { return test.servers, nil })
			for _, network := range []string{"udp", "tcp"} {
				// More than one packet on most networks.
				question := strings.Repeat("q", 4000)
				answer, err := ask(t, network, address, question)
				if err != nil || answer != test.want+" "+question {
					t.Errorf("over %s: %.20q, %v; want an answer of %s", network, answer, err, test.want)
				}
			}
		})
	}
}

func TestServersAreLookedUpForEachQuestion(t *testing.T) {
	servers := []netip.AddrPort{server(t, "first"), server(t, "second")}
	asked := -1
	address := relayTo(t, func() ([]netip.AddrPort, error) {
		asked++
		return servers[asked : asked+1], nil
	})
	for _, want := range []string{"first q", "second q"} {
		if answer, err := ask(t, "udp", address, "q"); err != nil || answer != want {
			t.Errorf("%q, %v; want %q", answer, err, want)
		}
	}
}

// TestWithoutServers: over TCP the client is told at once, by the end of the connection.
func TestWithoutServers(t *testing.T) {
	for _, servers := range []func() ([]netip.AddrPort, error){
		func() ([]netip.AddrPort, error) { return nil, nil },
		func() ([]netip.AddrPort, error) { return nil, errors.New("unreadable") },
	} {
		address := relayTo(t, servers)
		if answer, err := ask(t, "tcp", address, "q"); answer != "" {
			t.Errorf("%q, %v; want the end of the connection", answer, err)
		}
	}
}
