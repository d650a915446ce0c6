package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/plumbline/plumbline/fixtures/golden"
)

// Sentences that compare the API server's answers with those that were recorded from Kubernetes; see package golden.

func recordedSentences(sc vocabulary) {
	sc.Step(`^the API answers the requests of "([^"]*)" as Kubernetes 1\.37 did$`, answersAsRecorded)
	sc.Step(`^the API answers the requests of "([^"]*)" in the words of Kubernetes 1\.37$`, answersInRecordedWords)
}

func answersAsRecorded(ctx context.Context, name string) error {
	return answersLike(ctx, name, "the answers that kube-apiserver 1.37 gave, in all but words",
		func(*golden.Answer) bool { return true }, golden.Compare)
}

func answersInRecordedWords(ctx context.Context, name string) error {
	return answersLike(ctx, name, "the messages and warnings that kube-apiserver 1.37 gave", (*golden.Answer).HasWords, golden.CompareWords)
}

// recordedMinor is the minor version of Kubernetes whose answers are recorded. Another one has other defaults and other words.
const recordedMinor = "37"

// requestsAtATime is how many requests of a recorded file are under way together: enough to keep a server busy that other
// scenarios keep busy as well.
const requestsAtATime = 4

// answersLike plays those requests of a file whose recorded answers are of interest, and compares.
func answersLike(ctx context.Context, name, expected string, of func(*golden.Answer) bool, compare func(want, seen *golden.Answer) []golden.Difference) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	version, err := s.typed.Discovery().ServerVersion()
	var refused apierrors.APIStatus
	if errors.As(err, &refused) {
		return failed("the API server's version", "an answer of /version", err.Error())
	}
	if err != nil {
		return environment(fmt.Errorf("ask the API server's version: %w", err))
	}
	if strings.TrimSuffix(version.Minor, "+") != recordedMinor {
		return &Unsupported{Why: fmt.Sprintf("the answers were recorded from Kubernetes 1.%s, and the target says that it is %s.%s", recordedMinor, version.Major, version.Minor)}
	}
	if err := mayDoEverything(ctx, s); err != nil {
		return err
	}
	file, err := golden.Load(name)
	if err != nil {
		return err
	}
	file.Cases = slices.DeleteFunc(file.Cases, func(c golden.Case) bool { return !of(c.Want) })
	if err := s.comparable(ctx, name, file); err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return fmt.Errorf("make an HTTP client: %w", err)
	}
	host, _, err := rest.DefaultServerUrlFor(s.config)
	if err != nil {
		return fmt.Errorf("read the API server's address: %w", err)
	}
	results, err := file.Play(ctx, golden.Target{
		Client: client, Host: host.String(), Namespace: s.namespace, Labels: map[string]string{RunLabel: s.env.Run},
	}, requestsAtATime)
	var unanswered *golden.Unanswered
	var unsent interface{ Refused() string } // by the guard of somebody's cluster
	if errors.As(err, &unanswered) && !errors.As(err, &unsent) {
		return &Inconclusive{Why: unanswered.Error()}
	}
	if err != nil {
		return fmt.Errorf("play the requests of %s: %w", name, err)
	}
	var differing []string
	for _, r := range results {
		if text := differences(r, compare); text != "" {
			differing = append(differing, text)
		}
	}
	if len(differing) == 0 {
		return nil
	}
	all := strings.Join(differing, "\n")
	s.env.Evidence.Attach("differences.txt", "text/plain", []byte(all+"\n"))
	shown := all
	if len(differing) > mostShown {
		shown = strings.Join(differing[:mostShown], "\n") + fmt.Sprintf("\nand %d more, which differences.txt has", len(differing)-mostShown)
	}
	return &Failure{
		What:     fmt.Sprintf("the answers to the %d requests of %q", len(results), name),
		Expected: expected,
		Seen:     fmt.Sprintf("%d differ:\n%s", len(differing), shown),
		At:       time.Now(),
	}
}

// comparable leaves out what is another thing on somebody's cluster than where the answers were recorded: Services whose addresses are of
// another family, and Pods that its admission changes.
func (s *scenario) comparable(ctx context.Context, name string, file *golden.File) error {
	if !s.env.Outlives {
		return nil
	}
	if strings.HasPrefix(name, "services/") {
		service, err := s.typed.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, "kubernetes", metav1.GetOptions{})
		if err == nil && strings.Contains(service.Spec.ClusterIP, ":") {
			return &Unsupported{Why: "the answers were recorded where Services have IPv4 addresses, and the target's have IPv6 addresses: " + service.Spec.ClusterIP}
		}
	}
	if slices.ContainsFunc(file.Cases, func(c golden.Case) bool { return c.Want.Object["kind"] == "Pod" }) {
		return podsAreLeft(ctx)
	}
	return nil
}

// mayDoEverything leaves out runs that have some rights and not all. What there is not, such as an unknown resource, they would be
// refused, where Kubernetes tells others that there is no such thing.
func mayDoEverything(ctx context.Context, s *scenario) error {
	may, err := s.mayDo(ctx, Right{Verb: "*", Group: "*", Resource: "*"})
	if err != nil {
		return err
	}
	if !may {
		return &Unsupported{Why: "the run's user may not do everything (* on *.*): it is refused what others are told does not exist"}
	}
	return nil
}

// mostShown keeps a failure readable where everything is different.
const mostShown = 10

// differences says where the answer to one request is another than the recorded one, or nothing.
func differences(r golden.Result, compare func(want, seen *golden.Answer) []golden.Difference) string {
	if r.Seen == nil {
		return fmt.Sprintf("%s\n  before it, %s was refused with %s", r.Case.Name, r.Asked, r.Refused)
	}
	found := compare(r.Case.Want, r.Seen)
	if len(found) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s", r.Case.Name, r.Asked)
	for _, d := range found {
		fmt.Fprintf(&b, "\n    %s", d)
	}
	return b.String()
}
