package apiserver

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// WriteKubeconfig writes a kubeconfig of an administrator to path, readable by its owner only. It reaches the server by the advertised address.
func (s *Server) WriteKubeconfig(path string) error {
	admin, err := s.authority.Client("kubernetes-admin", user.SystemPrivilegedGroup)
	if err != nil {
		return err
	}
	const cluster, person = "reference", "kubernetes-admin"
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{
		Server:                   "https://" + net.JoinHostPort(s.options.AdvertiseAddress.String(), strconv.Itoa(s.port)),
		CertificateAuthorityData: s.authority.PEM(),
	}
	config.AuthInfos[person] = &clientcmdapi.AuthInfo{ClientCertificateData: admin.Cert, ClientKeyData: admin.Key}
	config.Contexts[person+"@"+cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: person}
	config.CurrentContext = person + "@" + cluster
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode the kubeconfig: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the directory of the kubeconfig: %w", err)
	}
	// Whoever waits for the file must not see the half of it.
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", errors.Join(err, os.Remove(temporary)))
	}
	return nil
}
