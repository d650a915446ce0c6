// Package runtime runs Pods' sandboxes and containers on containerd.
//
// A sandbox is a set of bind-mounted namespaces, a veth and a cgroup. No process
// holds it, unless its containers share their processes. Everything that must outlive a restart of the node agent
// or of containerd stands in containerd's labels, in the state directory, or
// in the kernel, never in this process's memory alone.
package runtime

import (
	"context"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/plumbline/plumbline/reference/node/network"
)

// Runtime is what the node agent needs of the machinery below it. All methods
// may be called concurrently. Errors are wrapped; test them with errors.Is
// and errors.As against the errors of this package.
type Runtime interface {
	// Ready is nil when containerd answers and the network is configured.
	// A network that has no Pod range yet is ErrNetworkNotReady.
	Ready(ctx context.Context) error
	// ConfigureNetwork tells the node's Pod range and the other nodes. It is
	// idempotent and may be called again whenever a node comes or goes.
	ConfigureNetwork(ctx context.Context, config NetworkConfig) error

	// CreateSandbox makes, or finds as it stands, the sandbox of the Pod UID.
	CreateSandbox(ctx context.Context, config SandboxConfig) (Sandbox, error)
	// RemoveSandbox kills and removes what containers are left in the
	// sandbox, then frees its address, namespaces and cgroup. Removing what
	// does not exist is no error.
	RemoveSandbox(ctx context.Context, podUID string) error
	// Sandboxes lists those that stand. After a restart of the whole node
	// there are none, though Containers still lists the ended containers.
	Sandboxes(ctx context.Context) ([]Sandbox, error)

	// StartContainer creates and starts a container in its Pod's sandbox.
	// Errors: ErrImageNotFound, ErrNotFound (no sandbox), *StartError. After
	// a *StartError the container is listed as exited with its code.
	StartContainer(ctx context.Context, config ContainerConfig) (id string, err error)
	// Signal sends a signal to the container's first process; ErrNotFound
	// when it no longer runs.
	Signal(ctx context.Context, id string, signal syscall.Signal) error
	// Kill sends SIGKILL to every process of the container and does not wait;
	// ErrNotFound when it no longer runs.
	Kill(ctx context.Context, id string) error
	// RemoveContainer removes an ended or a running container (killing it
	// first), its root filesystem and its record, but not its log.
	// Removing what does not exist is no error.
	RemoveContainer(ctx context.Context, id string) error
	// Containers lists all containers of all Pods, ended ones included, until
	// they are removed.
	Containers(ctx context.Context) ([]ContainerStatus, error)
	// Events delivers what happens from the call on, until ctx ends, when the
	// channel is closed. The first event is a Resync. The receiver may be
	// slow: events are queued, never dropped.
	Events(ctx context.Context) <-chan Event

	// Exec runs a command in a running container and returns its exit code
	// after all its output was delivered. When ctx ends the command is
	// killed, and ctx's error returned. ErrNotFound when the container does
	// not run; *StartError when the command cannot be started (no such
	// executable: exit code 127 or 126).
	Exec(ctx context.Context, id string, config ExecConfig) (exitCode int, err error)
	// Attach joins the streams of the container's first process until the
	// process or ctx ends. Output from before the call is not repeated.
	Attach(ctx context.Context, id string, streams Streams) error
	// Dial opens a TCP connection to 127.0.0.1:port, or else the Pod's own
	// address, inside the Pod's network namespace.
	Dial(ctx context.Context, podUID string, port int) (net.Conn, error)

	// Image finds a present image by reference or ID; ErrImageNotFound.
	Image(ctx context.Context, ref string) (ImageInfo, error)
	// PullImage fetches an image from its registry. The error's text is
	// ready for an event ("failed to pull and unpack image …", as upstream's).
	PullImage(ctx context.Context, ref string) (ImageInfo, error)
	// Images lists the images that are present.
	Images(ctx context.Context) ([]ImageInfo, error)
	// ImportImages loads every *.tar (docker-archive or OCI layout) of the
	// directories. What was imported before and has not changed costs nothing.
	// A directory that does not exist is no error.
	ImportImages(ctx context.Context, dirs ...string) error

	// Stats reads what a running container uses, from its cgroup.
	Stats(ctx context.Context, id string) (ContainerStats, error)
	// SandboxStats reads what all of a Pod's containers use together.
	SandboxStats(ctx context.Context, podUID string) (ContainerStats, error)
}

// NetworkConfig is what the node must know of the cluster's network.
type NetworkConfig = network.Config

// Peer is another node: its Pods are reached through its address.
type Peer = network.Peer

// QOSClass decides under which cgroup the Pod's stands.
type QOSClass string

// The classes, as in the API.
const (
	Guaranteed QOSClass = "Guaranteed" // /kubepods/pod<UID>
	Burstable  QOSClass = "Burstable"  // /kubepods/burstable/pod<UID>
	BestEffort QOSClass = "BestEffort" // /kubepods/besteffort/pod<UID>
)

// SandboxConfig describes a Pod's sandbox.
type SandboxConfig struct {
	UID       string
	Namespace string
	Name      string
	Hostname  string // at most 63 characters; ignored with HostNetwork

	HostNetwork bool
	HostIPC     bool
	HostPID     bool
	SharePID    bool                  // the Pod's containers see each other's processes
	Ports       []network.PortMapping // of the node that lead to the Pod; none with HostNetwork

	QOS       QOSClass
	Resources Resources // of the Pod cgroup; zero fields are not limited
	Labels    map[string]string
}

// Sandbox is a sandbox that stands.
type Sandbox struct {
	UID         string
	Namespace   string
	Name        string
	HostNetwork bool
	IP          netip.Addr // the node's with HostNetwork
	NetNS       string     // path of the bind-mounted network namespace, "" with HostNetwork
	Cgroup      string     // path below the cgroup root, e.g. /kubepods/burstable/pod<UID>
	CreatedAt   time.Time
	Labels      map[string]string
}

// Resources limit a cgroup. A zero field sets nothing.
type Resources struct {
	CPUShares   uint64 // relative, 1024 a core (MilliCPUToShares); turned into a weight on cgroup v2
	CPUQuota    int64  // microseconds a period; -1 or 0: no quota
	CPUPeriod   uint64 // microseconds; 100000 when 0
	MemoryLimit int64  // bytes
}

// ContainerConfig describes a container to start.
type ContainerConfig struct {
	PodUID       string
	PodNamespace string
	PodName      string
	Name         string
	Attempt      int // restart count
	Init         bool

	Image   string   // reference or ID; must be present
	Command []string // replaces the image's ENTRYPOINT, and its CMD with it
	Args    []string // replaces the image's CMD
	// Env is added to the image's, in order, later entries winning.
	Env        []EnvVar
	WorkingDir string // "": the image's, or /
	Mounts     []Mount

	TTY       bool
	Stdin     bool
	StdinOnce bool

	Resources   Resources
	OOMScoreAdj int // never lowered below this process's own
	Security    Security
	Sysctls     map[string]string // of the namespaces that the Pod has of its own, by name with dots

	LogPath    string         // file of CRI log lines; made with its directory
	StopSignal syscall.Signal // 0: the image's, or SIGTERM; kept for ContainerStatus.StopSignal
	Labels     map[string]string
}

// EnvVar is one environment variable.
type EnvVar struct{ Name, Value string }

// Propagation is a mount's propagation mode.
type Propagation string

// The modes, as in the API's mountPropagation.
const (
	PropagationPrivate         Propagation = ""                // None
	PropagationHostToContainer Propagation = "HostToContainer" // rslave
	PropagationBidirectional   Propagation = "Bidirectional"   // rshared
)

// Mount is a bind mount of a file or directory of the node. The source must
// exist; the destination is made.
type Mount struct {
	Source      string
	Destination string
	ReadOnly    bool
	Propagation Propagation
}

// Security is what of the Pod's and the container's security contexts the
// runtime itself must carry out. Pod-level values are merged in by the agent.
type Security struct {
	User               *int64 // nil: the image's
	Group              *int64 // nil: the image's, or the user's in /etc/passwd
	SupplementalGroups []int64
	Privileged         bool
	AddCapabilities    []string // without CAP_; "ALL"
	DropCapabilities   []string
	ReadOnlyRootFS     bool
	NoNewPrivileges    bool // allowPrivilegeEscalation: false
	UnmaskedProc       bool // procMount: Unmasked
}

// State of a container.
type State string

// A container is created for the moments between its record and its start.
const (
	StateCreated State = "created"
	StateRunning State = "running"
	StateExited  State = "exited"
)

// ContainerStatus is all that is known of a container.
type ContainerStatus struct {
	ID           string // bare; the API's containerID is "containerd://"+ID
	PodUID       string
	PodNamespace string
	PodName      string
	Name         string
	Attempt      int
	Init         bool

	Image   string // as it was asked for
	ImageID string // repository@digest, or the image's ID if it was imported

	State      State
	PID        int
	CreatedAt  time.Time
	StartedAt  time.Time // zero when it never ran
	FinishedAt time.Time // zero until it ended
	ExitCode   int       // 128+N when a signal ended it; 128 when it could not be started; 255 when nobody saw it end
	OOMKilled  bool
	Reason     string // Completed, Error, OOMKilled, StartError, Unknown; "" until it ended
	Message    string // for StartError

	TTY, Stdin, StdinOnce bool
	LogPath               string
	StopSignal            syscall.Signal
	Resources             Resources
	Labels                map[string]string // as given
}

// EventType names what happened.
type EventType string

const (
	ContainerExited EventType = "exited" // Containers already tells its exit code
	ContainerOOM    EventType = "oom"    // the kernel killed a process of the container, not necessarily its first
	Resync          EventType = "resync" // events may have been missed: list again
)

// Event is something that happened to a container.
type Event struct {
	Type   EventType
	ID     string          // "" with Resync
	PodUID string          // "" with Resync
	Status ContainerStatus // with ContainerExited
}

// Streams are the ends of an exec or attach. Nil ones are not connected. With
// TTY everything comes by Stdout. Stdin's end closes the process's stdin.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	TTY            bool
	Resize         <-chan TerminalSize
}

// TerminalSize in characters.
type TerminalSize struct{ Width, Height uint16 }

// ExecConfig is a command to run in a container, with the container's
// environment, user and working directory.
type ExecConfig struct {
	Command []string
	Streams
}

// ImageInfo describes a present image.
type ImageInfo struct {
	ID          string   // sha256 of its config
	RepoTags    []string // normalised names: docker.io/library/x:latest
	RepoDigests []string
	Size        int64 // bytes, of its content
	// User is the image's USER: UID when it is a number, else Username
	// (for runAsNonRoot).
	UID        *int64
	Username   string
	Entrypoint []string
	Cmd        []string
}

// ContainerStats is what a container has used.
type ContainerStats struct {
	Time             time.Time
	CPUUsage         time.Duration // core time since its start
	MemoryUsage      int64         // bytes, page cache included
	MemoryWorkingSet int64         // bytes: usage without inactive file pages
	MemoryRSS        int64         // bytes
}
