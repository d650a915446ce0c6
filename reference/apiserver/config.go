package apiserver

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/admission"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/reference/kind"
	"github.com/plumbline/plumbline/reference/openapi"
)

// shutdownTimeout bounds how long connections that are still open may delay the end. Requests under way, other than watches and
// streams, are waited for besides.
const shutdownTimeout = 500 * time.Millisecond

// build joins the parts: who may connect, what is admitted, how things are stored, what is served.
func (s *Server) build(listener net.Listener, endpoints []string) error {
	config := genericapiserver.NewConfig(codecs)
	config.EffectiveVersion = newEffectiveVersion()
	config.PublicAddress = s.options.AdvertiseAddress.AsSlice()
	config.LongRunningFunc = genericfilters.BasicLongRunningRequestCheck(
		sets.NewString("watch", "proxy"), sets.NewString("attach", "exec", "proxy", "log", "portforward"))
	config.EnableProfiling = false
	config.BuildHandlerChainFunc = func(api http.Handler, config *genericapiserver.Config) http.Handler {
		return bootstrap{
			token: s.options.Token, authority: s.authority, taken: s.options.ServiceClusterIPRanges,
			api: genericapiserver.DefaultBuildHandlerChain(api, config),
		}
	}

	if err := s.secure(config, listener); err != nil {
		return err
	}
	config.LoopbackClientConfig = s.loopback
	who, err := s.newAccess()
	if err != nil {
		return err
	}
	config.Authentication.Authenticator, config.Authentication.APIAudiences = who.authenticator(s.authority), who.audiences()
	config.Authorization.Authorizer = who.authorizer()

	lifecycle := newNamespaceLifecycle()
	volumes := newStorageAdmission()
	config.AdmissionControl = admission.NewChainHandler(lifecycle, newPodAccount(who), newNodeRestriction(who), newNodeTaint(), newPodPriority(),
		newDefaultTolerations(), volumes, newRuntimeClass())

	namer := openapinamer.NewDefinitionNamer(served)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.Info.Title = "Kubernetes"
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config.Info.Title = "Kubernetes"

	options := restOptions{endpoints: endpoints, forget: s.options.EtcdCompactionInterval, counts: config.StorageObjectCountTracker}
	config.RESTOptionsGetter = options

	// Without a delegate the library answers what there is not by a list of what there is.
	server, err := config.Complete(nil).New("reference", genericapiserver.NewEmptyDelegateWithCustomHandler(http.NotFoundHandler()))
	if err != nil {
		return fmt.Errorf("build the API server: %w", err)
	}
	server.ShutdownTimeout = shutdownTimeout
	served, stores, err := newResources(storages{options: options, authority: s.authority, services: s.services, access: who})
	if err != nil {
		return err
	}
	lifecycle.namespaces, volumes.classes = stores[&kind.Namespace], stores[&kind.StorageClass]
	if err := served.install(server); err != nil {
		return err
	}
	who.serveDiscovery(server)
	s.generic, s.stores = server, stores
	if err := server.AddPostStartHook("storage-readiness", server.StorageReadinessHook.Hook); err != nil {
		return fmt.Errorf("watch the storage's readiness: %w", err)
	}
	return server.AddPostStartHook("system-objects", s.createSystemObjects)
}

// secure makes the serving certificate, and the credentials of this process.
func (s *Server) secure(config *genericapiserver.Config, listener net.Listener) error {
	names, ips, err := s.options.certificateNames()
	if err != nil {
		return err
	}
	serving, err := s.authority.Server("kube-apiserver", names, ips)
	if err != nil {
		return err
	}
	cert, err := dynamiccertificates.NewStaticCertKeyContent("serving", serving.Cert, serving.Key)
	if err != nil {
		return fmt.Errorf("load the serving certificate: %w", err)
	}
	clientCA, err := dynamiccertificates.NewStaticCAContent("client-ca", s.authority.PEM())
	if err != nil {
		return fmt.Errorf("load the authority of clients: %w", err)
	}
	config.SecureServing = &genericapiserver.SecureServingInfo{Listener: listener, Cert: cert, ClientCA: clientCA}

	token := make([]byte, 32)
	if _, err := rand.Read(token); err != nil {
		return fmt.Errorf("draw the token of this process: %w", err)
	}
	s.loopback = &rest.Config{
		Host:            "https://" + net.JoinHostPort(s.options.loopbackHost(), strconv.Itoa(s.port)),
		BearerToken:     hex.EncodeToString(token),
		TLSClientConfig: rest.TLSClientConfig{CAData: s.authority.PEM()},
		ContentConfig:   rest.ContentConfig{ContentType: storageMediaType},
		QPS:             -1,
		WarningHandler:  rest.NoWarnings{}, // warnings are for people
	}
	return nil
}
