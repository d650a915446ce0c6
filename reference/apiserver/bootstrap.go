package apiserver

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/klog/v2"

	"github.com/plumbline/plumbline/reference/pki"
)

const (
	maxNonce   = 256
	maxRequest = 64 << 10
)

// bootstrap lets nodes join that have the token and no certificate yet. Everything else goes on to the API.
type bootstrap struct {
	token     string
	authority *pki.Authority
	taken     []netip.Prefix // where no node may have its address
	api       http.Handler
}

func (b bootstrap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case pki.AuthorityPath:
		b.answer(w, r, http.MethodGet, b.introduce)
	case pki.NodePath:
		b.answer(w, r, http.MethodPost, b.certify)
	default:
		b.api.ServeHTTP(w, r)
	}
}

func (b bootstrap) answer(w http.ResponseWriter, r *http.Request, method string, handle http.HandlerFunc) {
	switch {
	case r.Method != method:
		w.Header().Set("Allow", method)
		http.Error(w, "only "+method+" is answered here", http.StatusMethodNotAllowed)
	case b.token == "":
		http.Error(w, "this server was started without a token, so no node can join it", http.StatusForbidden)
	default:
		handle(w, r)
	}
}

func (b bootstrap) introduce(w http.ResponseWriter, r *http.Request) {
	nonce := r.URL.Query().Get("nonce")
	if nonce == "" || len(nonce) > maxNonce {
		http.Error(w, "a nonce is needed, of at most 256 bytes", http.StatusBadRequest)
		return
	}
	ca := b.authority.PEM()
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(pki.AuthorityAnswer{CA: string(ca), MAC: pki.Vouch(b.token, nonce, ca)})
	if err != nil {
		klog.V(2).InfoS("A node that asked for the authority did not wait for the answer", "reason", err)
	}
}

func (b bootstrap) certify(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(b.token)) != 1 {
		http.Error(w, "the token is wrong", http.StatusUnauthorized)
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the request cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	cert, name, err := b.authority.SignNode(request, slices.Clone(b.taken)...)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	klog.InfoS("A node joined", "node", name, "from", r.RemoteAddr)
	w.Header().Set("Content-Type", "application/x-pem-file")
	if _, err := w.Write(cert); err != nil {
		klog.InfoS("A node did not wait for its certificate", "node", name, "reason", err)
	}
}
