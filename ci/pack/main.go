// Pack puts the compiled runner together: the program, kubectl and the workload image, in a folder and in an archive of it.
//
//	go run ./ci/pack [-image] FOLDER OS ARCHITECTURE
//
// With -image it also makes a container image of it, which `plumbline job` writes a Job for.
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/plumbline/plumbline"
	"github.com/plumbline/plumbline/fixtures"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	image := flag.Bool("image", false, "make a container image, too")
	flag.Parse()
	if flag.NArg() != 3 || *image && flag.Arg(1) != "linux" {
		fmt.Fprintln(os.Stderr, "usage: pack [-image] FOLDER OS ARCHITECTURE; images are of linux only")
		os.Exit(2)
	}
	if err := pack(ctx, flag.Arg(0), flag.Arg(1), flag.Arg(2), *image); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pack(ctx context.Context, under, goos, goarch string, image bool) error {
	under, err := filepath.Abs(under)
	if err != nil {
		return err
	}
	name := "plumbline-" + goos + "-" + goarch
	folder := filepath.Join(under, name)
	// What an earlier one held must not be taken for part of this one.
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := fixtures.MakeKit(ctx, os.Stdout, folder, goos, goarch, "ci/plumbline"); err != nil {
		return err
	}
	if err := archive(under, name); err != nil {
		return fmt.Errorf("archive the runner: %w", err)
	}
	fmt.Printf("The runner is %s, with what has to lie beside it; all of it is in %s.tar.gz\n", filepath.Join(folder, "plumbline"), folder)
	if !image {
		return nil
	}
	instructions, err := fixtures.Kit(folder).RunnerImage(goarch, plumbline.Version)
	if err == nil {
		fmt.Println(instructions)
	}
	return err
}

// archive writes a folder's files to an archive beside it.
func archive(under, name string) (err error) {
	entries, err := os.ReadDir(filepath.Join(under, name))
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(under, name+".tar.gz"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	packed := gzip.NewWriter(out)
	w := tar.NewWriter(packed)
	for _, entry := range entries {
		if err := addFile(w, filepath.Join(under, name, entry.Name()), name+"/"+entry.Name()); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), packed.Close())
}

func addFile(w *tar.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	return err
}
