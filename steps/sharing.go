package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Sentences about how much CPU containers come by, measured by the processes themselves.

func sharingSentences(sc vocabulary) {
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" computes with "([^"]*)" threads for (\d+) seconds, and gets more than ([\d.]+) times "([^"]*)"$`, getsMore)
	sc.Step(`^container "([^"]*)" of Pod "([^"]*)" computes with "([^"]*)" threads for (\d+) seconds, and gets at most ([\d.]+) times "([^"]*)"$`, getsAtMost)
	sc.Step(`^container "([^"]*)" of Pods? "([^"]*)" computes with "([^"]*)" threads each for (\d+) seconds, and "([^"]*)" gets ([\d.]+) to ([\d.]+) times what "([^"]*)" gets$`, getsTimes)
}

var usedCPU = regexp.MustCompile(`used cpu-seconds=([\d.e+-]+) wall-seconds=([\d.e+-]+)`)

// compute keeps a container's threads busy, and says how many CPUs they got.
func (s *scenario) compute(ctx context.Context, pod, container, threads string, seconds int) (float64, error) {
	o, err := s.executeAside(ctx, pod, container, "/workload", "use-cpu", "--threads="+threads, fmt.Sprintf("--for=%ds", seconds))
	if err != nil {
		return 0, err
	}
	match := usedCPU.FindStringSubmatch(o.stdout)
	if match == nil {
		return 0, fmt.Errorf("the workload in Pod %s printed no use of CPU: %s", pod, o)
	}
	var figures [2]float64
	for i := range figures {
		if figures[i], err = strconv.ParseFloat(match[i+1], 64); err != nil {
			return 0, fmt.Errorf("the workload in Pod %s printed %q: %w", pod, match[0], err)
		}
	}
	if figures[1] == 0 {
		return 0, fmt.Errorf("the workload in Pod %s computed for no time", pod)
	}
	s.observe(fmt.Sprintf("Pod %q", pod), fmt.Sprintf("computed %.2f s in %.2f s with %s threads", figures[0], figures[1], threads))
	return figures[0] / figures[1], nil
}

func getsMore(ctx context.Context, container, pod, threads string, seconds int, times float64, than string) error {
	return gets(ctx, container, pod, threads, seconds, times, than, "more than", func(got, bound float64) bool { return got > bound })
}

func getsAtMost(ctx context.Context, container, pod, threads string, seconds int, times float64, than string) error {
	return gets(ctx, container, pod, threads, seconds, times, than, "at most", func(got, bound float64) bool { return got <= bound })
}

// gets has a container compute, and compares what it got with a quantity.
func gets(ctx context.Context, container, pod, threads string, seconds int, times float64, than, words string, ok func(got, bound float64) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	quantity, err := resource.ParseQuantity(than)
	if err != nil {
		return fmt.Errorf("%q is no quantity: %w", than, err)
	}
	got, err := s.compute(ctx, pod, container, threads, seconds)
	if err != nil {
		return err
	}
	if bound := times * float64(quantity.MilliValue()) / 1000; !ok(got, bound) {
		return failed(fmt.Sprintf("the CPU that container %q of Pod %q gets", container, pod), fmt.Sprintf("%s %.2f CPUs", words, bound), fmt.Sprintf("%.2f CPUs", got))
	}
	return nil
}

// getsTimes has the containers of two Pods compute at the same time and compares what they get.
func getsTimes(ctx context.Context, container, pods, threads string, seconds int, more string, least, most float64, less string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	list := names(pods)
	got := make([]float64, len(list))
	group, within := errgroup.WithContext(ctx)
	for i, pod := range list {
		group.Go(func() (err error) {
			got[i], err = s.compute(within, pod, container, threads, seconds)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	shares := map[string]float64{}
	for i, pod := range list {
		shares[pod] = got[i]
	}
	if shares[more] == 0 || shares[less] == 0 {
		return fmt.Errorf("the Pods that are compared have to be among %q", pods)
	}
	if ratio := shares[more] / shares[less]; ratio < least || ratio > most {
		return failed(fmt.Sprintf("the CPU of Pod %q by that of Pod %q", more, less), fmt.Sprintf("%.2f to %.2f times as much", least, most),
			fmt.Sprintf("%.2f times: %.2f and %.2f CPUs", ratio, shares[more], shares[less]))
	}
	return nil
}
