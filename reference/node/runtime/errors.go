package runtime

import "errors"

var (
	// ErrNotFound: no such sandbox, container, or running process.
	ErrNotFound = errors.New("not found")
	// ErrImageNotFound: the image is not present.
	ErrImageNotFound = errors.New("image not found")
	// ErrInvalidImageName: the reference cannot be parsed (upstream's
	// InvalidImageName).
	ErrInvalidImageName = errors.New("invalid image name")
	// ErrNetworkNotReady: ConfigureNetwork was not called yet.
	ErrNetworkNotReady = errors.New("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:no Pod range was assigned to the node yet")
)

// StartError says why a container could not be created or started.
type StartError struct {
	// Reason is upstream's waiting reason: CreateContainerError when the
	// container could not be made (no record of it stays),
	// RunContainerError when it was made but its process could not be started.
	Reason string
	// ExitCode of the terminated state: 128, as containerd's CRI plugin has it.
	ExitCode int
	Message  string

	cause error
}

func (e *StartError) Error() string { return e.Message }

// Unwrap gives the error of which Message tells.
func (e *StartError) Unwrap() error { return e.cause }
