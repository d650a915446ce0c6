// Example proves that the suite can be imported as a stranger would import it: from a module proxy, without a replace, from
// a module cache that nobody writes into. It makes a proxy in a folder from the last commit, copies examples/conformance
// out of the repository, and runs it there.
//
//	go run ./ci/example [flags of go test]
package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/plumbline/plumbline"
)

const path = "github.com/plumbline/plumbline"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, flags []string) (err error) {
	temporary, err := os.MkdirTemp("", "plumbline-example-")
	if err != nil {
		return err
	}
	version := "v" + plumbline.Version
	proxy := filepath.Join(temporary, "proxy")
	if err := makeProxy(ctx, proxy, version); err != nil {
		return fmt.Errorf("make a module proxy: %w", err)
	}
	known, err := output(ctx, "go", "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		return err
	}
	cache, proxies, _ := strings.Cut(strings.TrimSpace(known), "\n")
	s := stranger{folder: filepath.Join(temporary, "conformance"), environment: append(os.Environ(),
		"GOMODCACHE="+filepath.Join(temporary, "modules"),
		// What this machine has downloaded need not come over the network again.
		"GOPROXY=file://"+proxy+",file://"+filepath.Join(cache, "cache", "download")+","+proxies,
		// No checksum database knows the version, and no network is needed to be told so.
		"GOSUMDB=off", "GOWORK=off", "GOFLAGS=-mod=mod", "CGO_ENABLED=0",
		// Where the suite keeps what it builds: it must not depend on an earlier run, nor stay.
		"XDG_CACHE_HOME="+filepath.Join(temporary, "cache"), "GOCACHE="+buildCache(ctx),
	)}
	defer func() {
		// Module caches are read-only; only go removes them.
		err = errors.Join(err, s.do(context.WithoutCancel(ctx), "go", "clean", "-modcache"), os.RemoveAll(temporary))
	}()
	if err := os.CopyFS(s.folder, os.DirFS(filepath.Join("examples", "conformance"))); err != nil {
		return fmt.Errorf("copy the example: %w", err)
	}
	if err := s.do(ctx, "go", "get", path+"@"+version); err != nil {
		return err
	}
	if err := s.do(ctx, "go", append([]string{"test", "-trimpath", "-count=1", "-timeout=0", "-v"}, flags...)...); err != nil {
		return err
	}
	// Nothing was written into the module's folder in the cache.
	return s.do(ctx, "go", "mod", "verify")
}

// buildCache is Go's own, which does not depend on where modules lie.
func buildCache(ctx context.Context) string {
	cache, err := output(ctx, "go", "env", "GOCACHE")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(cache)
}

// makeProxy writes what a module proxy serves of one version, made from the last commit.
func makeProxy(ctx context.Context, folder, version string) error {
	at := filepath.Join(folder, filepath.FromSlash(path), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	mod, err := output(ctx, "git", "show", "HEAD:go.mod")
	if err != nil {
		return err
	}
	for name, data := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version),
		version + ".mod":  mod,
	} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(data), 0o644); err != nil {
			return err
		}
	}
	whole := filepath.Join(folder, "whole.zip")
	archive := []string{"archive", "--format=zip", "--prefix=" + path + "@" + version + "/", "--output=" + whole, "HEAD", "--", "."}
	// A module within the module is none of its parts.
	files, err := output(ctx, "git", "ls-tree", "-r", "--name-only", "HEAD")
	if err != nil {
		return err
	}
	for file := range strings.FieldsSeq(files) {
		if folder, found := strings.CutSuffix(file, "/go.mod"); found {
			archive = append(archive, ":(exclude)"+folder)
		}
	}
	if _, err := output(ctx, "git", archive...); err != nil {
		return err
	}
	return filesOnly(whole, filepath.Join(at, version+".zip"))
}

// filesOnly copies an archive without its folders: those of modules have none, and what has is not the same by its hash.
func filesOnly(from, to string) (err error) {
	whole, err := zip.OpenReader(from)
	if err != nil {
		return err
	}
	defer whole.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	files := zip.NewWriter(out)
	for _, file := range whole.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		if err := files.Copy(file); err != nil {
			return err
		}
	}
	return files.Close()
}

// stranger is another project.
type stranger struct {
	folder      string
	environment []string
}

func (s stranger) do(ctx context.Context, name string, args ...string) error {
	fmt.Printf("$ %s %s\n", name, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, s.environment, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}
