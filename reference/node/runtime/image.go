package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// image is an image that is present and unpacked.
type image struct {
	id       string // digest of the config
	name     string // one of its names
	manifest digest.Digest
	chain    string // the key of its top snapshot
	config   ocispec.ImageConfig
	accounts accounts
	size     int64
}

// imageCache remembers what was read of images, by the digest that they
// point to: what has a digest never changes.
type imageCache struct {
	mu    sync.Mutex
	known map[digest.Digest]*cachedImage
}

// cachedImage is locked while it is read, so that it is read only once.
type cachedImage struct {
	mu    sync.Mutex
	image *image
}

func (c *imageCache) entry(target digest.Digest) *cachedImage {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[digest.Digest]*cachedImage{}
	}
	entry := c.known[target]
	if entry == nil {
		entry = &cachedImage{}
		c.known[target] = entry
	}
	return entry
}

func findSnapshotter(ctx context.Context, c *client.Client) (string, error) {
	response, err := c.IntrospectionService().Plugins(ctx, "type=="+string(plugins.SnapshotPlugin))
	if err != nil {
		return "", fmt.Errorf("ask containerd for its snapshotters: %w", err)
	}
	usable := map[string]bool{}
	for _, plugin := range response.Plugins {
		usable[plugin.ID] = plugin.InitErr == nil
	}
	for _, name := range []string{"overlayfs", "native"} {
		if usable[name] {
			return name, nil
		}
	}
	return "", errors.New("containerd has no usable snapshotter, neither overlayfs nor native")
}

// normalise completes a reference as Docker does: registry, library, tag.
func normalise(ref string) (string, error) {
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return "", fmt.Errorf("%w: couldn't parse image name %q: %w", ErrInvalidImageName, ref, err)
	}
	return named.String(), nil
}

// find looks an image up by reference or ID.
func (c *Containerd) find(ctx context.Context, ref string) (img *image, err error) {
	err = whileUnavailable(ctx, func() error {
		img, err = c.findOnce(ctx, ref)
		return err
	})
	return img, err
}

func (c *Containerd) findOnce(ctx context.Context, ref string) (*image, error) {
	if id := strings.TrimPrefix(ref, "sha256:"); len(id) == 64 && isHex(id) {
		return c.findByID(ctx, "sha256:"+id)
	}
	name, err := normalise(ref)
	if err != nil {
		return nil, err
	}
	record, err := c.client.ImageService().Get(ctx, name)
	if errdefs.IsNotFound(err) {
		return nil, fmt.Errorf("%w: %s", ErrImageNotFound, name)
	} else if err != nil {
		return nil, fmt.Errorf("look up image %s: %w", name, err)
	}
	return c.load(ctx, record)
}

func (c *Containerd) findByID(ctx context.Context, id string) (*image, error) {
	records, err := c.client.ImageService().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	for _, record := range records {
		img, err := c.load(ctx, record)
		if err == nil && (img.id == id || img.manifest.String() == id) {
			return img, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrImageNotFound, id)
}

// load gives what is needed of an image to run it.
func (c *Containerd) load(ctx context.Context, record images.Image) (*image, error) {
	entry := c.images.entry(record.Target.Digest)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.image == nil {
		img, err := c.read(ctx, record)
		if err != nil {
			return nil, err
		}
		entry.image = img
	}
	return entry.image, nil
}

// read reads an image's manifest, config and users, and unpacks it if it is not yet.
func (c *Containerd) read(ctx context.Context, record images.Image) (*image, error) {
	store := c.client.ContentStore()
	platform := platforms.Default()
	manifest, err := images.Manifest(ctx, store, record.Target, platform)
	if err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", record.Name, err)
	}
	blob, err := content.ReadBlob(ctx, store, manifest.Config)
	if err != nil {
		return nil, fmt.Errorf("read the config of %s: %w", record.Name, err)
	}
	var config ocispec.Image
	if err := json.Unmarshal(blob, &config); err != nil {
		return nil, fmt.Errorf("read the config of %s: %w", record.Name, err)
	}
	if err := client.NewImageWithPlatform(c.client, record, platform).Unpack(ctx, c.snapshotter); err != nil {
		return nil, fmt.Errorf("unpack image %s: %w", record.Name, err)
	}
	img := &image{
		id: manifest.Config.Digest.String(), name: record.Name, manifest: record.Target.Digest,
		chain: identity.ChainID(config.RootFS.DiffIDs).String(), config: config.Config, size: manifest.Config.Size,
	}
	for _, layer := range manifest.Layers {
		img.size += layer.Size
	}
	if img.accounts, err = c.readAccounts(ctx, img.chain); err != nil {
		return nil, fmt.Errorf("read the users of image %s: %w", record.Name, err)
	}
	return img, nil
}

// readAccounts reads /etc/passwd and /etc/group from an unpacked image.
func (c *Containerd) readAccounts(ctx context.Context, chain string) (accounts, error) {
	ctx, done, err := c.client.WithLease(ctx)
	if err != nil {
		return accounts{}, err
	}
	defer done(ctx)
	snapshots := c.client.SnapshotService(c.snapshotter)
	key := fmt.Sprintf("accounts-%s", digest.FromString(chain).Encoded())
	mounts, err := snapshots.View(ctx, key, chain)
	if errdefs.IsAlreadyExists(err) { // left by a process that was killed
		if err = snapshots.Remove(ctx, key); err == nil {
			mounts, err = snapshots.View(ctx, key, chain)
		}
	}
	if err != nil {
		return accounts{}, err
	}
	defer snapshots.Remove(ctx, key)
	var a accounts
	err = mount.WithReadonlyTempMount(ctx, mounts, func(dir string) error {
		root, err := os.OpenRoot(dir) // an image's links must not lead out of it
		if err != nil {
			return err
		}
		defer root.Close()
		a.passwd, a.group = readIn(root, "etc/passwd"), readIn(root, "etc/group")
		return nil
	})
	return a, err
}

// readIn is empty when there is no such file, as in an image from scratch.
func readIn(root *os.Root, name string) string {
	file, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, 1<<20))
	return string(text)
}

// Image finds a present image by reference or ID.
func (c *Containerd) Image(ctx context.Context, ref string) (ImageInfo, error) {
	img, err := c.find(ctx, ref)
	if err != nil {
		return ImageInfo{}, err
	}
	list, err := c.Images(ctx)
	if err != nil {
		return ImageInfo{}, err
	}
	for _, info := range list {
		if info.ID == img.id {
			return info, nil
		}
	}
	return ImageInfo{}, fmt.Errorf("%w: %s", ErrImageNotFound, ref)
}

// Images lists the images that are present.
func (c *Containerd) Images(ctx context.Context) (list []ImageInfo, err error) {
	err = whileUnavailable(ctx, func() error {
		list, err = c.listImages(ctx)
		return err
	})
	return list, err
}

func (c *Containerd) listImages(ctx context.Context) ([]ImageInfo, error) {
	records, err := c.client.ImageService().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	var list []ImageInfo
	place := map[string]int{}
	for _, record := range records {
		img, err := c.load(ctx, record)
		if err != nil {
			logger(ctx).Error(err, "Leaving out an image that cannot be read", "image", record.Name)
			continue
		}
		i, listed := place[img.id]
		if !listed {
			i = len(list)
			place[img.id] = i
			list = append(list, img.info())
		}
		if named, err := reference.ParseDockerRef(record.Name); err == nil {
			if _, tagged := named.(reference.Tagged); tagged {
				list[i].RepoTags = append(list[i].RepoTags, record.Name)
			}
			if record.Labels[pulledLabel] != "" {
				list[i].RepoDigests = append(list[i].RepoDigests, named.Name()+"@"+record.Target.Digest.String())
			}
		}
	}
	return list, nil
}

func (img *image) info() ImageInfo {
	info := ImageInfo{ID: img.id, Size: img.size, Entrypoint: img.config.Entrypoint, Cmd: img.config.Cmd}
	user, _, _ := strings.Cut(img.config.User, ":")
	if uid, err := strconv.ParseInt(user, 10, 64); err == nil {
		info.UID = &uid
	} else if user != "" {
		info.Username = user
	} else {
		info.UID = new(int64)
	}
	return info
}

func isHex(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}
