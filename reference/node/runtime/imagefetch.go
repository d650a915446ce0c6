package runtime

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/platforms"
)

// pulledLabel marks images that came from a registry: only those have a
// digest there that others could use.
const pulledLabel = "reference/pulled"

// PullImage fetches an image from its registry and unpacks it.
func (c *Containerd) PullImage(ctx context.Context, ref string) (ImageInfo, error) {
	name, err := normalise(ref)
	if err != nil {
		return ImageInfo{}, err
	}
	resolver := docker.NewResolver(docker.ResolverOptions{
		Hosts: docker.ConfigureDefaultRegistries(docker.WithPlainHTTP(docker.MatchLocalhost)),
	})
	_, err = c.client.Pull(ctx, name,
		client.WithResolver(resolver), client.WithPlatformMatcher(platforms.Default()),
		client.WithPullSnapshotter(c.snapshotter), client.WithPullUnpack,
		client.WithPullLabel(pulledLabel, "true"))
	if err != nil {
		return ImageInfo{}, fmt.Errorf("failed to pull and unpack image %q: %w", name, err)
	}
	return c.Image(ctx, name)
}

// imported remembers which version of an archive was imported under which names.
type imported struct {
	Size    int64
	ModTime int64
	Names   []string
}

// ImportImages loads every *.tar of the directories.
func (c *Containerd) ImportImages(ctx context.Context, dirs ...string) error {
	c.importing.Lock()
	defer c.importing.Unlock()
	var archives []string
	for _, dir := range dirs {
		found, err := filepath.Glob(filepath.Join(dir, "*.tar"))
		if err != nil {
			return fmt.Errorf("list image archives in %s: %w", dir, err)
		}
		archives = append(archives, found...)
	}
	index := filepath.Join(filepath.Dir(string(c.states)), "imported.json")
	before := map[string]imported{}
	readJSON(index, &before) // without it everything is imported again
	after := map[string]imported{}
	for _, archive := range archives {
		stat, err := os.Stat(archive)
		if err != nil {
			return fmt.Errorf("import images: %w", err)
		}
		now := imported{Size: stat.Size(), ModTime: stat.ModTime().UnixNano()}
		if last, ok := before[archive]; ok && last.Size == now.Size && last.ModTime == now.ModTime && c.haveAll(ctx, last.Names) {
			after[archive] = last
			continue
		}
		if now.Names, err = c.importArchive(ctx, archive); err != nil {
			return fmt.Errorf("import images from %s: %w", archive, err)
		}
		after[archive] = now
	}
	return writeJSON(index, after)
}

func (c *Containerd) haveAll(ctx context.Context, names []string) bool {
	for _, name := range names {
		if _, err := c.find(ctx, name); err != nil {
			return false
		}
	}
	return len(names) > 0
}

func (c *Containerd) importArchive(ctx context.Context, archive string) ([]string, error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	ctx, done, err := c.client.WithLease(ctx)
	if err != nil {
		return nil, err
	}
	defer done(ctx)
	records, err := c.client.Import(ctx, file, client.WithImportPlatform(platforms.Default()), client.WithImageRefTranslator(func(name string) string {
		if normal, err := normalise(name); err == nil {
			return normal
		}
		return name
	}))
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("the archive names no image")
	}
	var names []string
	for _, record := range records {
		if _, err := c.load(ctx, record); err != nil {
			return nil, err
		}
		names = append(names, record.Name)
	}
	return names, nil
}
