package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Sentences about names. A client Pod of the workload image asks the name server that its resolv.conf tells of, with the search list
// that stands there: what it learns is what any Pod learns.

func nameSentences(sc vocabulary) {
	sc.Step(`^the domain of the cluster, as Pod "([^"]*)" is told, is remembered as "([^"]*)"$`, domainRemembered)
	sc.Step(`^the name "([^"]*)" is short enough for a host$`, shortEnough)
	sc.Step(`^the address of the API server's Service, as Pod "([^"]*)" may know it, is remembered as "([^"]*)"$`, serverAddressRemembered)
	sc.Step(`^the name server of Pod "([^"]*)" is the cluster IP of Service "([^"]*)" in Namespace "([^"]*)"$`, nameServerIs)
	sc.Step(`^the name server of Pod "([^"]*)" is the cluster IP of a Service that answers for names$`, nameServerIsService)
	sc.Step(`^the name under which "([^"]*)" is asked for in reverse is remembered as "([^"]*)"$`, reverseRemembered)
	sc.Step(`^the address "([^"]*)", written with dashes, is remembered as "([^"]*)"$`, dashesRemembered)
	sc.Step(`^Pod "([^"]*)" comes to resolve "([^"]*)" to exactly "([^"]*)"$`, comesToResolve)
	sc.Step(`^Pod "([^"]*)" comes to resolve "([^"]*)" over TCP to exactly "([^"]*)"$`, comesToResolveOverTCP)
	sc.Step(`^Pod "([^"]*)" comes to resolve "([^"]*)" as (\w+) to exactly "([^"]*)"$`, comesToResolveAs)
	sc.Step(`^Pod "([^"]*)" comes to resolve "([^"]*)" to no address of another family than "([^"]*)"$`, comesToResolveToNone)
	sc.Step(`^Pod "([^"]*)" comes to be told that there is no name "([^"]*)"$`, comesToBeToldOfNone)
	sc.Step(`^Pod "([^"]*)" resolves "([^"]*)" again and again while one of the Pods behind its name server is deleted and replaced$`, resolvesMeanwhile)
	sc.Step(`^each time an answer came within (\d+) tries$`, answeredWithin)
}

// resolverFile is what a Pod's resolv.conf says.
type resolverFile struct {
	servers, searches []string
}

func (s *scenario) resolverFile(ctx context.Context, pod string) (resolverFile, error) {
	o, err := s.executeAside(ctx, pod, "client", "/workload", "cat", "/etc/resolv.conf")
	if err != nil {
		return resolverFile{}, err
	}
	var file resolverFile
	for line := range strings.Lines(o.stdout) {
		switch fields := strings.Fields(line); {
		case len(fields) > 1 && fields[0] == "nameserver":
			file.servers = append(file.servers, fields[1])
		case len(fields) > 1 && fields[0] == "search":
			file.searches = fields[1:] // the last such line counts
		}
	}
	return file, nil
}

// domainRemembered learns the cluster's domain from a Pod's search list: no API tells it.
func domainRemembered(ctx context.Context, pod, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	file, err := s.resolverFile(ctx, pod)
	if err != nil {
		return err
	}
	own := s.namespace + ".svc."
	for _, search := range file.searches {
		if domain, found := strings.CutPrefix(search, own); found {
			s.store(as, strings.TrimSuffix(domain, "."))
			return nil
		}
	}
	return failed(fmt.Sprintf("the search list in the resolv.conf of Pod %q", pod), "an entry that begins with "+own, among(file.searches))
}

// longestHost is how long the kernel lets a host's name be.
const longestHost = 64

func shortEnough(_ context.Context, name string) error {
	if len(name) > longestHost {
		return &Unsupported{Why: fmt.Sprintf("the cluster's domain is too long: no host can be called %q, which has %d characters", name, len(name))}
	}
	return nil
}

// serverAddressRemembered asks the API, and Pods' variables only where the run may not: some clusters write another way to the server there.
func serverAddressRemembered(ctx context.Context, pod, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	service, err := s.typed.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, "kubernetes", metav1.GetOptions{})
	switch {
	case err == nil:
		s.store(as, service.Spec.ClusterIP)
		return nil
	case apierrors.IsNotFound(err):
		return failed("Service kubernetes of the namespace default", "it exists", "there is none")
	case !apierrors.IsForbidden(err):
		return environment(fmt.Errorf("read the Service kubernetes of the namespace default: %w", err))
	}
	o, err := s.executeAside(ctx, pod, "client", "/workload", "env", "KUBERNETES_SERVICE_HOST")
	if err == nil {
		s.store(as, strings.TrimSpace(o.stdout))
	}
	return err
}

func nameServerIs(ctx context.Context, pod, service, namespace string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.typed.CoreV1().Services(namespace).Get(ctx, service, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return &Unsupported{Why: "the run's user may not read Services of " + namespace}
	case apierrors.IsNotFound(err):
		return failed(fmt.Sprintf("Service %q in Namespace %q", service, namespace), "it exists", "there is none")
	case err != nil:
		return fmt.Errorf("read Service %q of %q: %w", service, namespace, err)
	}
	file, err := s.resolverFile(ctx, pod)
	if err != nil {
		return err
	}
	if _, err := netip.ParseAddr(object.Spec.ClusterIP); err != nil || !slices.Contains(file.servers, object.Spec.ClusterIP) {
		return failed(fmt.Sprintf("the name servers in the resolv.conf of Pod %q", pod),
			fmt.Sprintf("the cluster IP of %s/%s, %q", namespace, service, object.Spec.ClusterIP), among(file.servers))
	}
	return nil
}

// nameServerIsService does not say what the Service is called, and where it is: kube-dns in kube-system is a convention, which
// distributions leave.
func nameServerIsService(ctx context.Context, pod string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	service, err := s.nameService(ctx, pod)
	if err == nil {
		s.observe(fmt.Sprintf("the name server of Pod %q", pod), "Service "+service.Namespace+"/"+service.Name)
	}
	return err
}

// nameService is the Service whose cluster IP a Pod's resolv.conf names. Where names are served by the node itself, or by a platform under a
// link-local address, as by a cache on each node, there is none to be seen.
func (s *scenario) nameService(ctx context.Context, pod string) (*corev1.Service, error) {
	file, err := s.resolverFile(ctx, pod)
	if err != nil {
		return nil, err
	}
	services, err := s.typed.CoreV1().Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return nil, &Unsupported{Why: "the run's user may not list the Services of all namespaces"}
	case err != nil:
		return nil, fmt.Errorf("list the Services of all namespaces: %w", err)
	}
	if service := serverOf(file.servers, services.Items); service != nil {
		return service, nil
	}
	if local := slices.IndexFunc(file.servers, isLinkLocal); local >= 0 {
		return nil, &Unsupported{Why: "names are served by the node or the platform, and not by a Service: Pods ask " + file.servers[local]}
	}
	return nil, failed(fmt.Sprintf("the name servers in the resolv.conf of Pod %q", pod), "the cluster IP of a Service with the UDP port 53", among(file.servers))
}

func isLinkLocal(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.IsLinkLocalUnicast()
}

// serverOf is the first Service that has one of the addresses and answers for names there.
func serverOf(addresses []string, services []corev1.Service) *corev1.Service {
	for i := range services {
		spec := services[i].Spec
		if !slices.ContainsFunc(spec.Ports, func(p corev1.ServicePort) bool { return p.Port == 53 && p.Protocol == corev1.ProtocolUDP }) {
			continue
		}
		if slices.ContainsFunc(spec.ClusterIPs, func(ip string) bool {
			return slices.ContainsFunc(addresses, func(a string) bool { return sameAddress(a, ip) })
		}) {
			return &services[i]
		}
	}
	return nil
}

// sameAddress: an IPv6 address can be written in more than one way, and None is no address.
func sameAddress(a, b string) bool {
	one, err := netip.ParseAddr(a)
	if err != nil {
		return false
	}
	other, err := netip.ParseAddr(b)
	return err == nil && one == other
}

// reverseRemembered is the name in the tree of addresses (RFC 1035, 3.5; RFC 3596, 2.5).
func reverseRemembered(ctx context.Context, text, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return fmt.Errorf("%q is asked for in reverse: %w", text, err)
	}
	s.store(as, reverseName(address))
	return nil
}

func reverseName(address netip.Addr) string {
	labels := strings.Split(address.String(), ".")
	tree := "in-addr.arpa."
	if address.Is6() {
		labels, tree = strings.Split(strings.ReplaceAll(address.StringExpanded(), ":", ""), ""), "ip6.arpa."
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "." + tree
}

// dashesRemembered writes an address as the names of Pods have it, where dots and colons would part labels.
func dashesRemembered(ctx context.Context, text, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return fmt.Errorf("%q is written with dashes: %w", text, err)
	}
	s.store(as, strings.NewReplacer(".", "-", ":", "-").Replace(address.StringExpanded()))
	return nil
}

// resolution is what the workload's client prints for each name that it asks for.
type resolution struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Answers []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
		Port  int    `json:"port"`
	} `json:"answers"`
	Class string `json:"class"`
}

// values are the answers of a type: addresses, names, or, for SRV, ports and names.
func (r resolution) values(kind string) []string {
	var values []string
	for _, a := range r.Answers {
		switch {
		case a.Type != kind:
		case kind == "SRV":
			values = append(values, strconv.Itoa(a.Port)+" "+strings.ToLower(a.Value))
		default:
			values = append(values, strings.ToLower(a.Value))
		}
	}
	slices.Sort(values)
	return values
}

func (r resolution) String() string {
	if r.Class != "" {
		return r.Name + ": " + r.Class
	}
	told := r.Name + ": " + r.Code
	for _, kind := range []string{"CNAME", "A", "AAAA", "SRV", "PTR", "TXT"} {
		for _, value := range r.values(kind) {
			told += " " + kind + " " + value
		}
	}
	return told
}

// question is what a client Pod asks.
type question struct {
	client, name, kind string
	tcp                bool
}

func (q question) String() string {
	return fmt.Sprintf("%s of %q, as Pod %q learns it", q.kind, q.name, q.client)
}

// askName has the question asked a number of times, each time of every name that the search list makes of it until one has an answer. It
// gives the last answer of each time.
func (s *scenario) askName(ctx context.Context, q question, times int) ([]resolution, error) {
	command := []string{"/workload", "dns", "--type=" + q.kind, "--count=" + strconv.Itoa(times), q.name}
	if q.tcp {
		command = append(command, "--tcp")
	}
	o, err := s.executeAside(ctx, q.client, "client", command...)
	if err != nil {
		return nil, err
	}
	var found []resolution
	for line := range strings.Lines(strings.TrimSpace(o.stdout)) {
		var r resolution
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%s printed %q, which is no answer: %w (stderr: %s)", o.asked, line, err, o.stderr)
		}
		found = append(found, r)
	}
	if len(found) < times {
		return nil, fmt.Errorf("%s printed %d answers (stderr: %s)", o.asked, len(found), o.stderr)
	}
	return found[len(found)-times:], nil
}

// agreeing is how many answers at a time have to be right: where one name server of two is wrong, all the times that are tried within
// boundNames find that out but for one run in 200.
const agreeing = 16

// untilName asks until ok, for as long as name servers may keep what was once true.
func (s *scenario) untilName(ctx context.Context, q question, expected string, ok func(resolution) bool) error {
	return s.lookUntil(ctx, q.String(), expected, boundNames, func() (string, bool, error) {
		found, err := s.askName(ctx, q, agreeing)
		if err != nil {
			return "", false, err
		}
		if wrong := slices.DeleteFunc(slices.Clone(found), ok); len(wrong) > 0 {
			return fmt.Sprintf("%d of %d times %s", len(wrong), len(found), wrong[0]), false, nil
		}
		s.observe(q.String(), found[0].String())
		return found[0].String(), true, nil
	})
}

func comesToResolve(ctx context.Context, client, name, list string) error {
	return resolves(ctx, question{client: client, name: name, kind: addressType(names(list))}, list)
}

func comesToResolveOverTCP(ctx context.Context, client, name, list string) error {
	return resolves(ctx, question{client: client, name: name, kind: addressType(names(list)), tcp: true}, list)
}

func comesToResolveAs(ctx context.Context, client, name, kind, list string) error {
	return resolves(ctx, question{client: client, name: name, kind: kind}, list)
}

// comesToResolveToNone asks for what the address is not. That the name has no such record is another answer than that there is no such
// name (RFC 2308, 2): a resolver that gets the latter does not ask for the other family any more.
func comesToResolveToNone(ctx context.Context, client, name, address string) error {
	other := "AAAA"
	if addressType(names(address)) == other {
		other = "A"
	}
	return resolves(ctx, question{client: client, name: name, kind: other}, "")
}

// addressType is the type of record that holds such addresses.
func addressType(addresses []string) string {
	for _, text := range addresses {
		if address, err := netip.ParseAddr(text); err == nil && address.Is6() {
			return "AAAA"
		}
	}
	return "A"
}

// resolves judges the last name that was asked for: the one with an answer, or, to be without one, the name itself, which then exists.
func resolves(ctx context.Context, q question, list string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	wanted := names(strings.ToLower(list))
	slices.Sort(wanted)
	return s.untilName(ctx, q, "exactly "+among(wanted), func(r resolution) bool {
		return r.Code == "NOERROR" && slices.Equal(r.values(q.kind), wanted)
	})
}

func comesToBeToldOfNone(ctx context.Context, client, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.untilName(ctx, question{client: client, name: name, kind: "A"}, "NXDOMAIN: there is no such name", func(r resolution) bool {
		return r.Code == "NXDOMAIN"
	})
}

// lookUp is one name that a Pod wanted to know, and how often it had to ask.
type lookUp struct {
	at       time.Time
	tries    int
	answered bool
	seen     string
}

// mostTries is when a look-up is given up.
const mostTries = 5

// resolvesMeanwhile keeps a Pod asking until a Pod that answers has gone and another is in its place, and a moment longer.
func resolvesMeanwhile(ctx context.Context, client, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	behind, err := s.nameService(ctx, client)
	if err != nil {
		return err
	}
	service, namespace := behind.Name, behind.Namespace
	before, err := s.severalPodsOf(ctx, service, namespace)
	if err != nil {
		return err
	}
	lost := before[0]
	if err := s.typed.CoreV1().Pods(namespace).Delete(ctx, lost, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("delete Pod %s of %s: %w", lost, namespace, err)
	}
	s.observe(fmt.Sprintf("Pod %q of %s", lost, namespace), "deleted")
	s.lookUps = nil
	begun := time.Now()
	var replaced time.Time
	for {
		if err := s.lookUpTogether(ctx, question{client: client, name: name, kind: "A"}); err != nil {
			return err
		}
		after, err := s.readyPodsOf(ctx, service, namespace)
		if err != nil {
			return err
		}
		switch now := time.Now(); {
		case replaced.IsZero() && len(after) >= len(before) && !slices.Contains(after, lost):
			replaced = now
		case !replaced.IsZero() && now.Sub(replaced) > lookUpsAfter:
			return nil
		case now.Sub(begun) > boundPodEnd.within(ctx)+boundPodStart.within(ctx):
			return failed(fmt.Sprintf("the ready Pods of %s/%s", namespace, service), fmt.Sprintf("%d, without %s", len(before), lost), among(after))
		}
	}
}

// severalPodsOf waits until a Service of another namespace has at least two ready Pods: on a young cluster they are on their way. Where
// they do not come, one of them cannot be lost.
func (s *scenario) severalPodsOf(ctx context.Context, service, namespace string) (pods []string, err error) {
	mapping, err := s.mappingOf("EndpointSlice")
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, boundPodStart.within(ctx))
	defer cancel()
	several, err := s.followCollection(limited, s.dynamic.Resource(mapping.Resource).Namespace(namespace), slicesOf(service), objects{}, func() (bool, error) {
		pods, err = s.readyPodsOf(ctx, service, namespace)
		return len(pods) > 1, err
	})
	switch {
	case several:
		return pods, nil
	case err == nil || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, &Unsupported{Why: fmt.Sprintf("the cluster has fewer than two ready Pods for %s/%s", namespace, service)}
	}
	return nil, err
}

// lookUpsAfter: proxies that have not heard of the end yet have by then.
const lookUpsAfter = 3 * time.Second

// together is how many look-ups are on their way at once. Where rules lead to one Pod that is lost and to one that is there, each try
// fails half of the time: that of two rounds no look-up needs more than three tries has a probability of (7/8)^48, below 0.2 %.
const together = 24

func (s *scenario) lookUpTogether(ctx context.Context, q question) error {
	looks, errs := make([]lookUp, together), make([]error, together)
	var group sync.WaitGroup
	for i := range together {
		group.Go(func() { looks[i], errs[i] = s.lookUp(ctx, q) })
	}
	group.Wait()
	s.lookUps = append(s.lookUps, looks...)
	return errors.Join(errs...)
}

func (s *scenario) lookUp(ctx context.Context, q question) (lookUp, error) {
	look := lookUp{at: time.Now()}
	for look.tries = 1; look.tries <= mostTries; look.tries++ {
		found, err := s.askName(ctx, q, 1)
		if err != nil {
			return look, err
		}
		if look.seen = found[0].String(); len(found[0].Answers) > 0 {
			look.answered = true
			break
		}
	}
	return look, nil
}

// slicesOf selects the endpoint slices of a Service.
func slicesOf(service string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service}
}

// readyPodsOf lists the Pods that a Service of another namespace leads to.
func (s *scenario) readyPodsOf(ctx context.Context, service, namespace string) ([]string, error) {
	found, err := s.typed.DiscoveryV1().EndpointSlices(namespace).List(ctx, slicesOf(service))
	if err != nil {
		return nil, fmt.Errorf("list the endpoint slices of %s/%s: %w", namespace, service, err)
	}
	var pods []string
	for _, slice := range found.Items {
		for _, endpoint := range slice.Endpoints {
			if ready := endpoint.Conditions.Ready; (ready == nil || *ready) && endpoint.TargetRef != nil && !slices.Contains(pods, endpoint.TargetRef.Name) {
				pods = append(pods, endpoint.TargetRef.Name)
			}
		}
	}
	slices.Sort(pods)
	return pods, nil
}

func answeredWithin(ctx context.Context, tries int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	if len(s.lookUps) == 0 {
		return fmt.Errorf("nothing was looked up")
	}
	for i, look := range s.lookUps {
		if !look.answered || look.tries > tries {
			return failed(fmt.Sprintf("look-up %d of %d, begun at %s", i+1, len(s.lookUps), look.at.Format("15:04:05.000")),
				fmt.Sprintf("an answer within %d tries", tries), fmt.Sprintf("after %d tries: %s", min(look.tries, mostTries), look.seen))
		}
	}
	return nil
}
