package steps

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Sentences that judge the API server's last answer.

func acceptanceSentences(sc vocabulary) {
	sc.Step(`^it is accepted$`, accepted)
	sc.Step(`^it is accepted with a warning that says "([^"]*)"$`, acceptedWarned)
	sc.Step(`^it is accepted without a warning that says "([^"]*)"$`, acceptedUnwarned)
	sc.Step(`^it is refused with (\d+)$`, refused)
	sc.Step(`^it is refused with (\d+) "(\w+)"$`, refusedAs)
	sc.Step(`^it is refused with (\d+) "(\w+)" naming "([^"]*)"$`, refusedNaming)
	sc.Step(`^the refusal says "([^"]*)"$`, refusalSays)
	sc.Step(`^the refusal matches "(.*)"$`, refusalMatches)
	sc.Step(`^the answer has "([^"]*)" in "([^"]*)"$`, answerHas)
	sc.Step(`^the answer does not have "([^"]*)" in "([^"]*)"$`, answerHasNot)
	sc.Step(`^the answer has "([^"]*)" among "([^"]*)"$`, answerHasAmong)
	sc.Step(`^the answer has an earlier time than "([^"]*)" in "([^"]*)"$`, answerEarlier)
	sc.Step(`^"([^"]*)" of the answer is remembered as "([^"]*)"$`, answerRemembered)
}

// last is the answer that the sentences judge.
func last(ctx context.Context) (*scenario, *answer, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.answer == nil {
		return nil, nil, fmt.Errorf("nothing has been submitted before it is judged")
	}
	return s, s.answer, nil
}

func accepted(ctx context.Context) error {
	_, a, err := last(ctx)
	if err == nil && a.code >= 300 {
		err = failed(a.asked, "accepted", a.String())
	}
	return err
}

func acceptedWarned(ctx context.Context, text string) error {
	if err := accepted(ctx); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(a.warnings, func(w string) bool { return strings.Contains(w, text) }) {
		return failed(a.asked, fmt.Sprintf("a Warning header that contains %q", text), fmt.Sprintf("warnings %q", a.warnings))
	}
	return nil
}

// acceptedUnwarned leaves warnings about anything else to the cluster: its admission may have some for every Pod.
func acceptedUnwarned(ctx context.Context, text string) error {
	if err := accepted(ctx); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err == nil && slices.ContainsFunc(a.warnings, func(w string) bool { return strings.Contains(w, text) }) {
		err = failed(a.asked, fmt.Sprintf("no Warning header that contains %q", text), fmt.Sprintf("%q", a.warnings))
	}
	return err
}

func refused(ctx context.Context, code int) error {
	_, a, err := last(ctx)
	if err == nil && a.code != code {
		err = failed(a.asked, fmt.Sprintf("refused with %d", code), a.String())
	}
	return err
}

func refusedAs(ctx context.Context, code int, reason string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.code != code || a.status == nil || string(a.status.Reason) != reason {
		return failed(a.asked, fmt.Sprintf("refused with %d %s", code, reason), a.String())
	}
	return nil
}

// refusedNaming wants the refusal's causes to name each of the fields: programs read them.
func refusedNaming(ctx context.Context, code int, reason, fields string) error {
	if err := refusedAs(ctx, code, reason); err != nil {
		return err
	}
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	if a.status.Details != nil {
		for _, cause := range a.status.Details.Causes {
			named[cause.Field] = true
		}
	}
	for _, field := range names(fields) {
		if !named[field] {
			return failed(a.asked, fmt.Sprintf("refused with %d %s, with a cause that names %s", code, reason, field), a.String())
		}
	}
	return nil
}

func refusalSays(ctx context.Context, text string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.status == nil || a.code < 400 || !strings.Contains(strings.ToLower(a.status.Message), strings.ToLower(text)) {
		return failed(a.asked, fmt.Sprintf("a refusal whose message contains %q", text), a.String())
	}
	return nil
}

func refusalMatches(ctx context.Context, expression string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	matcher, err := regexp.Compile(expression)
	if err != nil {
		return fmt.Errorf("the expression %q: %w", expression, err)
	}
	if a.status == nil || a.code < 400 || !matcher.MatchString(a.status.Message) {
		return failed(a.asked, fmt.Sprintf("a refusal whose message matches %q", expression), a.String())
	}
	return nil
}

// answerHas reads a field of the object that came back.
func answerHas(ctx context.Context, value, path string) error {
	a, found, there, err := fieldOfAnswer(ctx, path)
	if err == nil && (!there || found != value) {
		err = failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), fmt.Sprintf("%q", value), said(a.object, found, there))
	}
	return err
}

// answerHasNot lets pass another value, and none.
func answerHasNot(ctx context.Context, value, path string) error {
	a, found, there, err := fieldOfAnswer(ctx, path)
	if err == nil && there && found == value {
		err = failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), fmt.Sprintf("anything but %q", value), said(a.object, found, there))
	}
	return err
}

// fieldOfAnswer fails where the answer was no object.
func fieldOfAnswer(ctx context.Context, path string) (a *answer, value string, there bool, err error) {
	if _, a, err = last(ctx); err != nil {
		return nil, "", false, err
	}
	if a.object == nil {
		return a, "", false, failed(a.asked, "an object in the answer", a.String())
	}
	value, there, err = valueOf(a.object, path)
	return a, value, there, err
}

// answerHasAmong reads a list of the object that came back, whose order nobody promises.
func answerHasAmong(ctx context.Context, value, path string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	if a.object == nil {
		return failed(a.asked, "an object in the answer", a.String())
	}
	found, there, err := lookup(a.object.Object, path)
	if err != nil {
		return err
	}
	if list, _ := found.([]any); !slices.Contains(list, any(value)) {
		return failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), fmt.Sprintf("a list that has %q", value), said(a.object, show(found), there))
	}
	return nil
}

func answerRemembered(ctx context.Context, path, as string) error {
	s, a, err := last(ctx)
	if err != nil {
		return err
	}
	value, there, err := valueOf(a.object, path)
	if err != nil {
		return err
	}
	if !there {
		return failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), "the field is set", said(a.object, value, there))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = value
	return nil
}

func answerEarlier(ctx context.Context, than, path string) error {
	_, a, err := last(ctx)
	if err != nil {
		return err
	}
	before, err := time.Parse(time.RFC3339, than)
	if err != nil {
		return fmt.Errorf("what was remembered is no time: %w", err)
	}
	value, there, err := valueOf(a.object, path)
	if err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339, value); err != nil || !at.Before(before) {
		return failed(fmt.Sprintf("%q of the answer to %s", path, a.asked), "a time before "+than, said(a.object, value, there))
	}
	return nil
}
