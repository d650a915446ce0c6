package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A run in a container takes its reports with it when it ends. With -hold it stays, until `plumbline reports`, executed in the
// same container, has fetched them. That one may be started before the run has ended: it waits.

// taken is what a fetcher answers when it has got everything.
const taken = "taken"

// transferLimit bounds one transfer.
const transferLimit = 5 * time.Minute

// holder keeps the reports of a run.
type holder struct {
	listener net.Listener
	limit    time.Duration
}

// socketPath is where holder and fetcher meet.
func socketPath() string { return filepath.Join(os.TempDir(), "plumbline-reports.sock") }

// hold lets fetchers come, whose connections wait until release.
func hold(path string, limit time.Duration) (*holder, error) {
	if limit < 0 {
		return nil, fmt.Errorf("-hold=%s: a time cannot be negative", limit)
	}
	if limit == 0 {
		return nil, nil
	}
	if other, err := net.Dial("unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("-hold: another run here holds its reports already, at %s", path), other.Close())
	}
	// What a run left that was killed is in nobody's use.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("-hold: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("-hold: %w", err)
	}
	return &holder{listener, limit}, nil
}

// drop ends the wait of whoever came, without reports.
func (h *holder) drop() error {
	if h == nil {
		return nil
	}
	return h.listener.Close()
}

// release gives a folder's reports to the first who takes all of them, and returns then, or when the time is over.
func (h *holder) release(ctx context.Context, folder string, w io.Writer) (err error) {
	if h == nil {
		return nil
	}
	fmt.Fprintf(w, "The reports are kept for %s: `plumbline reports`, executed here, writes them as a compressed tar archive, and ends the wait.\n", h.limit)
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	closed := context.AfterFunc(ctx, func() { h.listener.Close() })
	defer func() {
		if closed() {
			err = errors.Join(err, h.listener.Close())
		}
	}()
	for {
		connection, err := h.listener.Accept()
		if err == nil {
			hurry := context.AfterFunc(ctx, func() { connection.Close() })
			err = give(connection, folder)
			hurry()
		} else if ctx.Err() == nil {
			return fmt.Errorf("wait for who fetches the reports: %w", err)
		}
		if err != nil && ctx.Err() != nil {
			fmt.Fprintln(w, "Nobody has fetched the reports.")
			return nil
		}
		if err == nil {
			fmt.Fprintln(w, "The reports have been fetched.")
			return nil
		}
		fmt.Fprintf(w, "The reports could not be given, and are kept: %v\n", err)
	}
}

// give writes the archive, and wants to hear that it arrived.
func give(connection net.Conn, folder string) (err error) {
	defer func() { err = errors.Join(err, connection.Close()) }()
	if err := connection.SetDeadline(time.Now().Add(transferLimit)); err != nil {
		return err
	}
	packed := gzip.NewWriter(connection)
	archive := tar.NewWriter(packed)
	if err := errors.Join(archive.AddFS(os.DirFS(folder)), archive.Close(), packed.Close()); err != nil {
		return err
	}
	if err := connection.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(connection, int64(len(taken))))
	if err == nil && string(answer) != taken {
		err = errors.New("whoever fetched them has gone before the end")
	}
	return err
}

// fetch writes the archive of the reports that a run here keeps, as soon as that has ended.
func fetch(args []string, w io.Writer, path string) int {
	if len(args) > 0 {
		return complain(badUsage, fmt.Errorf("%q: reports takes no arguments; it writes a compressed tar archive to its standard output", args[0]))
	}
	connection, err := net.Dial("unix", path)
	if err != nil {
		return complain(failed, fmt.Errorf("no run here keeps its reports (-hold=TIME lets one do so): %w", err))
	}
	defer connection.Close()
	n, err := io.Copy(w, connection)
	switch {
	case err != nil:
		return complain(failed, fmt.Errorf("fetch the reports: %w", err))
	case n == 0:
		return complain(failed, errors.New("the run has ended without reports"))
	}
	if _, err := io.WriteString(connection, taken); err != nil {
		return complain(failed, fmt.Errorf("fetch the reports: say that they have arrived: %w", err))
	}
	return conformant
}
