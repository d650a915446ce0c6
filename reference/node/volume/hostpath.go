package volume

import (
	"fmt"
	"os"

	v1 "k8s.io/api/core/v1"
)

// hostPath is a path of the node, checked or made as its type asks
// (upstream's pkg/volume/hostpath).
func hostPath(source *v1.HostPathVolumeSource) (Volume, error) {
	path := source.Path
	kind := v1.HostPathUnset
	if source.Type != nil {
		kind = *source.Type
	}
	_, err := os.Stat(path)
	missing := os.IsNotExist(err)
	switch kind {
	case v1.HostPathUnset:
		// What is not there the runtime makes a directory.
		if missing {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return Volume{}, err
			}
		}
		return Volume{Path: path}, nil
	case v1.HostPathDirectoryOrCreate:
		if missing {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return Volume{}, err
			}
			return Volume{Path: path}, nil
		}
	case v1.HostPathFileOrCreate:
		if missing {
			f, err := os.OpenFile(path, os.O_CREATE, 0o644)
			if err != nil {
				return Volume{}, err
			}
			return Volume{Path: path}, f.Close()
		}
	}
	wanted, known := hostPathTypes[kind]
	if !known {
		return Volume{}, fmt.Errorf("%s is an invalid volume type", kind)
	}
	is, err := fileType(path)
	if err != nil {
		return Volume{}, fmt.Errorf("hostPath type check failed, %s is not a %s, unable to determine its type: %w", path, wanted.name, err)
	}
	if is != wanted.is {
		return Volume{}, fmt.Errorf("hostPath type check failed: %s is not a %s, it's a %s", path, wanted.name, is)
	}
	return Volume{Path: path}, nil
}

// hostPathTypes: what a type wants to find, and how messages call it.
var hostPathTypes = map[v1.HostPathType]struct {
	is   v1.HostPathType
	name string
}{
	v1.HostPathDirectoryOrCreate: {v1.HostPathDirectory, "directory"},
	v1.HostPathDirectory:         {v1.HostPathDirectory, "directory"},
	v1.HostPathFileOrCreate:      {v1.HostPathFile, "file"},
	v1.HostPathFile:              {v1.HostPathFile, "file"},
	v1.HostPathSocket:            {v1.HostPathSocket, "socket file"},
	v1.HostPathCharDev:           {v1.HostPathCharDev, "character device"},
	v1.HostPathBlockDev:          {v1.HostPathBlockDev, "block device"},
}

// fileType says what stands at a path, symbolic links followed.
func fileType(path string) (v1.HostPathType, error) {
	info, err := os.Stat(path)
	if err != nil {
		if os.IsNotExist(err) {
			return "", fmt.Errorf("path %q does not exist", path)
		}
		return "", err
	}
	switch mode := info.Mode(); {
	case mode&os.ModeSocket != 0:
		return v1.HostPathSocket, nil
	case mode&os.ModeCharDevice != 0:
		return v1.HostPathCharDev, nil
	case mode&os.ModeDevice != 0:
		return v1.HostPathBlockDev, nil
	case mode.IsDir():
		return v1.HostPathDirectory, nil
	case mode.IsRegular():
		return v1.HostPathFile, nil
	}
	return "", fmt.Errorf("only recognise file, directory, socket, block device and character device")
}
