package steps

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cucumber/godog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Sentences about the API from inside: what a program in a Pod learns that asks with the token and the certificate that are mounted there.

func insideSentences(sc vocabulary) {
	sc.Step(`^roles decide what service accounts may do$`, rolesDecide)
	sc.Step(`^roles of the whole cluster decide what service accounts may do$`, clusterRolesDecide)
	sc.Step(`^Pod "([^"]*)" asks the API for "([^"]*)"$`, asksAPI)
	sc.Step(`^Pod "([^"]*)" asks the API for "([^"]*)" without a token$`, asksAnonymously)
	sc.Step(`^Pod "([^"]*)" asks the API for "([^"]*)" with the token "([^"]*)"$`, asksWithToken)
	sc.Step(`^Pod "([^"]*)" comes to be answered when it asks the API, by the name "([^"]*)", for "([^"]*)"$`, comesToBeAnsweredByName)
	sc.Step(`^Pod "([^"]*)" posts this to "([^"]*)" of the API:$`, postsToAPI)
	sc.Step(`^Pod "([^"]*)" puts this to "([^"]*)" of the API:$`, putsToAPI)
	sc.Step(`^Pod "([^"]*)" asks the API who it is$`, asksWhoItIs)
	sc.Step(`^Pod "([^"]*)" comes to be answered when it asks the API for "([^"]*)"$`, comesToBeAnswered)
	sc.Step(`^Pod "([^"]*)" comes to be refused with (\d+) when it asks the API for "([^"]*)"$`, comesToBeRefusedInside)
	sc.Step(`^Pod "([^"]*)" comes to be refused with (\d+) when it asks the API who it is with the token "([^"]*)"$`, comesToBeNobody)
	sc.Step(`^it is refused, as nobody$`, refusedAsNobody)
	sc.Step(`^the token "([^"]*)" is good for (\d+) seconds$`, tokenIsGoodFor)
	sc.Step(`^Pod "([^"]*)" is answered with the token "([^"]*)" until it ends, and is refused within (\d+) seconds after that$`, answeredUntilItEnds)
}

const (
	rolesGroup   = "rbac.authorization.k8s.io"
	reviewOfSelf = `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`
	reviewPath   = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
)

// discoveryRole is one of the roles that an API server makes at its start when it goes by roles: upstream makes them with the authorizer,
// and not with the API group, which it serves anyway.
const discoveryRole = "system:discovery"

// rolesDecide leaves out clusters that have no roles or do not go by them, and runs that may make none. A cluster that has the roles that
// Kubernetes begins with is taken at its word.
func rolesDecide(ctx context.Context) error { return decide(ctx, true, "Role", "RoleBinding") }

// clusterRolesDecide does so where a scenario makes roles that do not go with its namespace.
func clusterRolesDecide(ctx context.Context) error {
	return decide(ctx, false, "ClusterRole", "ClusterRoleBinding")
}

// decide asks whether a run may make roles and bindings of these kinds.
func decide(ctx context.Context, namespaced bool, role, binding string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	groups, err := s.typed.Discovery().ServerGroups()
	if err != nil {
		return environment(fmt.Errorf("ask which groups the API server has: %w", err))
	}
	served := false
	for _, group := range groups.Groups {
		served = served || group.Name == rolesGroup
	}
	if !served {
		return &Unsupported{Why: "the API server has no roles: it does not serve " + rolesGroup}
	}
	_, err = s.typed.RbacV1().ClusterRoles().Get(ctx, discoveryRole, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &Unsupported{Why: "the API server serves roles, and has none of those that it would go by: there is no ClusterRole " + discoveryRole}
	}
	if err != nil && !apierrors.IsForbidden(err) {
		return environment(fmt.Errorf("read the ClusterRole %s: %w", discoveryRole, err))
	}
	asked := []Right{}
	for _, kind := range []string{role, binding} {
		asked = append(asked, Right{Verb: "create", Group: rolesGroup, Resource: plural(kind), Namespaced: namespaced})
	}
	// The roles of scenarios hold more than the run may need for itself, which only these let it give away.
	for _, verb := range []string{"escalate", "bind"} {
		asked = append(asked, Right{Verb: verb, Group: rolesGroup, Resource: plural(role), Namespaced: namespaced})
	}
	for _, right := range asked {
		may, err := s.mayDo(ctx, right)
		if err != nil {
			return err
		}
		if !may {
			return &Unsupported{Why: "the run's user may not " + right.String()}
		}
	}
	return nil
}

// inside is a request that a Pod makes.
type inside struct {
	pod, path string
	flags     []string
}

func (q inside) String() string { return fmt.Sprintf("%s, asked from Pod %q", q.path, q.pod) }

// askInside has a Pod ask the API server, and makes the answer the one to judge.
func (s *scenario) askInside(ctx context.Context, q inside) (*answer, error) {
	a, why, err := s.tryInside(ctx, q)
	if err == nil && a == nil {
		err = failed(q.String(), "an answer of the API server", why)
	}
	return a, err
}

// tryInside does the same; without an answer it tells why there is none. A request that is sent away by 429 is sent again: the
// program in the Pod does not tell the header, but nothing else answers its requests so.
func (s *scenario) tryInside(ctx context.Context, q inside) (a *answer, why string, err error) {
	for again := 0; ; again++ {
		a, why, err = s.tryInsideOnce(ctx, q)
		if err != nil || a == nil || a.code != http.StatusTooManyRequests || again == mostAgain {
			return a, why, err
		}
		if err := comeAgain(ctx, time.Second); err != nil {
			return nil, "", err
		}
	}
}

func (s *scenario) tryInsideOnce(ctx context.Context, q inside) (a *answer, why string, err error) {
	o, err := s.executeAside(ctx, q.pod, "client", append([]string{"/workload", "api", q.path}, q.flags...)...)
	if err != nil {
		return nil, "", err
	}
	var said struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
		Class  string          `json:"class"`
		Error  string          `json:"error"`
	}
	if json.Unmarshal([]byte(o.stdout), &said) != nil {
		return nil, o.String(), nil
	}
	if said.Status == 0 {
		return nil, fmt.Sprintf("%s: %s", said.Class, said.Error), nil
	}
	a = &answer{asked: q.String(), code: said.Status, body: string(said.Body)}
	if err := a.read(said.Body); err != nil {
		return nil, "", err
	}
	s.observe(a.asked, a.String())
	s.answer = a
	return a, "", nil
}

func asked(ctx context.Context, q inside) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, err = s.askInside(ctx, q)
	return err
}

func asksAPI(ctx context.Context, pod, path string) error {
	return asked(ctx, inside{pod: pod, path: path})
}

func asksAnonymously(ctx context.Context, pod, path string) error {
	return asked(ctx, inside{pod, path, []string{"--anonymous"}})
}

func asksWithToken(ctx context.Context, pod, path, token string) error {
	return asked(ctx, inside{pod, path, []string{"--token=" + token}})
}

// comesToBeAnsweredByName reaches the server by a name, which its certificate has to bear. On a young cluster nobody may know names yet.
func comesToBeAnsweredByName(ctx context.Context, pod, host, path string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	q := inside{pod, path, []string{"--host=" + host}}
	return s.lookUntil(ctx, q.String()+" by the name "+host, "accepted", boundNames, func() (string, bool, error) {
		a, why, err := s.tryInside(ctx, q)
		if err != nil || a == nil {
			return why, false, err
		}
		return a.String(), a.code < 300, nil
	})
}

func postsToAPI(ctx context.Context, pod, path string, content *godog.DocString) error {
	return sendsToAPI(ctx, http.MethodPost, pod, path, content)
}

func putsToAPI(ctx context.Context, pod, path string, content *godog.DocString) error {
	return sendsToAPI(ctx, http.MethodPut, pod, path, content)
}

func sendsToAPI(ctx context.Context, method, pod, path string, content *godog.DocString) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	text, err := s.expand(content.Content)
	if err != nil {
		return err
	}
	body, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return fmt.Errorf("the scenario's object does not parse: %w", err)
	}
	return asked(ctx, inside{pod, path, []string{"--method=" + method, "--data=" + string(body)}})
}

func asksWhoItIs(ctx context.Context, pod string) error {
	return asked(ctx, inside{pod, reviewPath, []string{"--method=POST", "--data=" + reviewOfSelf}})
}

// untilInside asks until the answer has one of the codes.
func untilInside(ctx context.Context, q inside, expected string, patience bound, ok func(code int) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.lookUntil(ctx, q.String(), expected, patience, func() (string, bool, error) {
		a, err := s.askInside(ctx, q)
		if err != nil {
			return "", false, err
		}
		return a.String(), ok(a.code), nil
	})
}

func comesToBeAnswered(ctx context.Context, pod, path string) error {
	return untilInside(ctx, inside{pod: pod, path: path}, "accepted", boundWrite, func(code int) bool { return code < 300 })
}

func comesToBeRefusedInside(ctx context.Context, pod string, code int, path string) error {
	return untilInside(ctx, inside{pod: pod, path: path}, fmt.Sprintf("refused with %d", code), boundWrite, func(c int) bool { return c == code })
}

func comesToBeNobody(ctx context.Context, pod string, code int, token string) error {
	q := inside{pod, reviewPath, []string{"--method=POST", "--data=" + reviewOfSelf, "--token=" + strings.TrimSpace(token)}}
	return untilInside(ctx, q, fmt.Sprintf("refused with %d", code), boundToken, func(c int) bool { return c == code })
}

// refusedAsNobody: a server that knows anonymous clients forbids them what they may not, one that does not knows nobody.
func refusedAsNobody(ctx context.Context) error {
	_, a, err := last(ctx)
	if err == nil && a.code != http.StatusUnauthorized && a.code != http.StatusForbidden {
		err = failed(a.asked, "refused with 401 or 403", a.String())
	}
	return err
}

// lifeOf reads when a token was issued, and when it ends (RFC 7519, 4.1).
func lifeOf(token string) (issued, ends time.Time, err error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return issued, ends, failed("the token", "a JSON web token: three parts with dots between them", fmt.Sprintf("%d parts", len(parts)))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return issued, ends, failed("the token's claims", "base64url", err.Error())
	}
	var claims struct{ Iat, Exp float64 }
	if err := json.Unmarshal(body, &claims); err != nil {
		return issued, ends, failed("the token's claims", "JSON, with numbers for iat and exp", string(body))
	}
	return time.Unix(int64(claims.Iat), 0), time.Unix(int64(claims.Exp), 0), nil
}

func tokenIsGoodFor(_ context.Context, token string, seconds int) error {
	issued, ends, err := lifeOf(token)
	if err != nil {
		return err
	}
	if life := ends.Sub(issued); life != time.Duration(seconds)*time.Second {
		return failed("the token's life, from iat to exp", fmt.Sprintf("%d s", seconds), life.String())
	}
	return nil
}

// answeredUntilItEnds asks all the while: a token that is refused early is as wrong as one that is not at all.
func answeredUntilItEnds(ctx context.Context, pod, token string, seconds int) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, ends, err := lifeOf(token)
	if err != nil {
		return err
	}
	theirs, err := s.clusterClock(ctx)
	if err != nil {
		return err
	}
	q := inside{pod, "/version", []string{"--token=" + strings.TrimSpace(token)}}
	patience := bound{time.Until(ends) - theirs.least + time.Duration(seconds)*time.Second, "the token's own life"}
	return s.lookUntil(ctx, q.String(), fmt.Sprintf("refused with 401 within %d s after %s", seconds, ends.Format(time.TimeOnly)), patience, func() (string, bool, error) {
		a, err := s.askInside(ctx, q)
		if err != nil {
			return "", false, err
		}
		over := a.code == http.StatusUnauthorized
		if now := time.Now().Add(theirs.most); over && now.Before(ends.Add(-clockSkew)) {
			return "", false, failed(q.String(), "accepted until "+ends.Format(time.TimeOnly), fmt.Sprintf("%s at %s", a, now.Format(time.TimeOnly)))
		}
		return a.String(), over, nil
	})
}
