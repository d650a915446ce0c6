package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
)

// UserAgentVersion is the Kubernetes version that requests announce.
const UserAgentVersion = "1.37"

// NewRequest builds the request of an HTTPGet action. purpose ("probe",
// "lifecycle") goes into the User-Agent.
func NewRequest(ctx context.Context, action *v1.HTTPGetAction, c *v1.Container, podIP, purpose string) (*http.Request, error) {
	port, err := ResolvePort(action.Port, c)
	if err != nil {
		return nil, err
	}
	scheme := strings.ToLower(string(action.Scheme))
	if scheme == "" {
		scheme = "http"
	}
	host := action.Host
	if host == "" {
		host = podIP
	}
	// A path that is no URL is sent as it is.
	u, err := url.Parse(action.Path)
	if err != nil {
		u = &url.URL{Path: action.Path}
	}
	u.Scheme, u.Host = scheme, net.JoinHostPort(host, strconv.Itoa(port))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for _, h := range action.HTTPHeaders {
		req.Header.Add(h.Name, h.Value)
	}
	if _, set := req.Header["User-Agent"]; !set {
		req.Header.Set("User-Agent", "kube-"+purpose+"/"+UserAgentVersion)
	}
	if _, set := req.Header["Accept"]; !set {
		req.Header.Set("Accept", "*/*")
	} else if req.Header.Get("Accept") == "" {
		req.Header.Del("Accept")
	}
	req.Host = req.Header.Get("Host")
	return req, nil
}

// Transport asks without proxies, without keeping connections, and without
// looking at certificates: a probe asks whether somebody answers, not who.
var Transport = &http.Transport{
	TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
	DisableKeepAlives:  true,
	DisableCompression: true,
	ForceAttemptHTTP2:  true,
	DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dialer().DialContext(ctx, network, addr)
	},
}

// doHTTP succeeds with a status from 200 to 399. Redirects to the same host
// are followed; one to another host is a success with a warning.
func doHTTP(ctx context.Context, t Target, action *v1.HTTPGetAction, timeout time.Duration) Outcome {
	req, err := NewRequest(ctx, action, t.Container, t.PodIP, "probe")
	if err != nil {
		return Outcome{Result: Unknown, Err: err}
	}
	client := &http.Client{Timeout: timeout, Transport: Transport, CheckRedirect: sameHost}
	res, err := client.Do(req)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			_ = res.Body.Close()
		}
		return Outcome{Result: Unknown, Err: ctx.Err()}
	case err != nil:
		return Outcome{Result: Failure, Output: err.Error(), Refused: refused(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxOutput))
	switch {
	case err != nil:
		return Outcome{Result: Failure, Output: err.Error()}
	case res.StatusCode < http.StatusOK || res.StatusCode >= http.StatusBadRequest:
		return Outcome{Result: Failure, Output: fmt.Sprintf("HTTP probe failed with statuscode: %d", res.StatusCode)}
	case res.StatusCode >= http.StatusMultipleChoices:
		return Outcome{Result: Warning, Output: fmt.Sprintf("Probe terminated redirects, Response body: %s", body)}
	}
	return Outcome{Result: Success, Output: string(body)}
}

func sameHost(req *http.Request, via []*http.Request) error {
	if req.URL.Hostname() != via[0].URL.Hostname() {
		return http.ErrUseLastResponse
	}
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}
