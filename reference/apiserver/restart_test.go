package apiserver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline/plumbline/reference/apiserver"
)

// serveDir is the environment variable by which this test's program becomes a server that can be killed.
const serveDir = "SERVE_DATA_DIR"

// serveUntilKilled runs a server in dir. When it is ready it writes the kubeconfig.
func serveUntilKilled(dir string) int {
	ctx := context.Background()
	server, err := apiserver.New(ctx, serverOptions(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		<-server.Ready()
		if err := server.WriteKubeconfig(filepath.Join(dir, "admin.conf")); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

// spawn starts a server as a program, and waits until it is ready.
func spawn(t *testing.T, dir string) (*target, *exec.Cmd) {
	t.Helper()
	kubeconfig := filepath.Join(dir, "admin.conf")
	if err := os.Remove(kubeconfig); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	changes, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer changes.Close()
	if err := changes.Add(dir); err != nil {
		t.Fatal(err)
	}
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), serveDir+"="+dir)
	program.Stderr = os.Stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// It may be dead already, as it should.
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	// It is put in place whole, once the server is ready.
	for deadline := time.After(30 * time.Second); ; {
		if _, err := os.Stat(kubeconfig); err == nil {
			break
		}
		select {
		case <-changes.Events:
		case err := <-changes.Errors:
			t.Fatal(err)
		case <-deadline:
			t.Fatal("the server did not become ready")
		}
	}
	spawned, err := targetOf(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return spawned, program
}

func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	first, program := spawn(t, dir)

	var acknowledged sync.Map
	var count atomic.Int32
	var writers sync.WaitGroup
	enough := make(chan struct{})
	var once sync.Once
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("map-%d-%d", w, i)
				stored, err := first.client.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
				if err != nil {
					return // it is dead
				}
				acknowledged.Store(name, stored.UID)
				if count.Add(1) == 200 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	<-enough
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	writers.Wait()

	second, _ := spawn(t, dir)
	list, err := second.client.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]any{}
	for _, m := range list.Items {
		stored[m.Name] = m.UID
	}
	acknowledged.Range(func(name, uid any) bool {
		if stored[name.(string)] != uid {
			t.Errorf("%v was acknowledged with uid %v, and is stored with %v", name, uid, stored[name.(string)])
		}
		return true
	})
	if ns, err := second.client.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{}); err != nil || ns.Spec.ClusterIP != "10.96.0.1" {
		t.Errorf("the Service kubernetes after the restart: %v, %v", ns, err)
	}
}
