package apiserver

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	flowcontrolrequest "k8s.io/apiserver/pkg/util/flowcontrol/request"
)

// registryPrefix is where everything stands in etcd, as in upstream's.
const registryPrefix = "/registry"

// storageMediaType is how objects are written to etcd.
const storageMediaType = runtime.ContentTypeProtobuf

// restOptions tells each kind's store where and how its objects are kept. It implements generic.RESTOptionsGetter.
type restOptions struct {
	endpoints []string
	forget    time.Duration // between two compactions of etcd; 0: none
	counts    flowcontrolrequest.StorageObjectCountTracker
}

func (o restOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	config, err := o.storageConfig(resource.Group)
	if err != nil {
		return generic.RESTOptions{}, err
	}
	return generic.RESTOptions{
		StorageConfig:             config.ForResource(resource),
		Decorator:                 guarded(genericregistry.StorageWithCacher()),
		EnableGarbageCollection:   true,
		DeleteCollectionWorkers:   1,
		ResourcePrefix:            resource.Resource,
		StorageObjectCountTracker: o.counts,
	}, nil
}

// storageConfig is the storage of a group: its objects are written in the version that is served.
func (o restOptions) storageConfig(group string) (*storagebackend.Config, error) {
	versions := scheme.PrioritizedVersionsForGroup(group)
	if len(versions) == 0 {
		return nil, fmt.Errorf("configure storage: group %q has no version", group)
	}
	codec, versioner, err := serverstorage.NewStorageCodec(serverstorage.StorageCodecConfig{
		StorageMediaType:  storageMediaType,
		StorageSerializer: codecs,
		StorageVersion:    versions[0],
		MemoryVersion:     schema.GroupVersion{Group: group, Version: runtime.APIVersionInternal},
	})
	if err != nil {
		return nil, fmt.Errorf("make the storage codec of group %q: %w", group, err)
	}
	config := storagebackend.NewDefaultConfig(registryPrefix, codec)
	config.EncodeVersioner = versioner
	config.Transport.ServerList = o.endpoints
	config.CompactionInterval = o.forget
	config.StorageObjectCountTracker = o.counts
	return config, nil
}
