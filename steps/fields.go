package steps

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about the fields of objects, now, soon, and for a while.

func fieldSentences(sc vocabulary) {
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is (?:still )?"([^"]*)"$`, fieldIs)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is not "([^"]*)"$`, fieldIsNot)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is the quantity "([^"]*)"$`, fieldIsQuantity)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" contains "([^"]*)"$`, fieldContains)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is (\d+) bytes long$`, fieldIsLong)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" matches "(.*)"$`, fieldMatches)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is absent$`, fieldIsAbsent)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is present$`, fieldIsPresent)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" becomes "([^"]*)"$`, fieldBecomes)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" ceases to be "([^"]*)"$`, fieldCeases)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" stays "([^"]*)" for (\d+) seconds$`, fieldStays)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" comes to be present$`, fieldComesToBe)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is remembered as "([^"]*)"$`, fieldRemembered)
	sc.Step(`^"([^"]*)" of (\w+) "([^"]*)" is between (\d+) and (\d+) seconds after "([^"]*)"$`, fieldIsAfter)
	sc.Step(`^there is no (\w+) "([^"]*)"$`, nothingStored)
	sc.Step(`^(\w+) "([^"]*)" still exists$`, stillExists)
	sc.Step(`^(\w+) "([^"]*)" exists for (\d+) seconds$`, existsFor)
	sc.Step(`^(\w+) "([^"]*)" is gone$`, gone)
	sc.Step(`^(\w+) "([^"]*)" is gone within (\d+) seconds$`, goneWithin)
}

// valueOf says what a path holds in an object that may be missing.
func valueOf(object *unstructured.Unstructured, path string) (value string, there bool, err error) {
	if object == nil {
		return "", false, nil
	}
	found, there, err := lookup(object.Object, path)
	return show(found), there, err
}

// meant is what a value says. A count in a status may be left out where it is 0: by the API's Go types most of them are, and who writes
// the 0 says the same.
func meant(path, value string, there bool) string {
	if !there && strings.HasPrefix(path, "status.") && strings.HasSuffix(path, "eplicas") {
		return "0"
	}
	return value
}

// said puts a value into words.
func said(object *unstructured.Unstructured, value string, there bool) string {
	switch {
	case object == nil:
		return "the object does not exist"
	case !there:
		return "the field is absent"
	default:
		return fmt.Sprintf("%q", value)
	}
}

// objectNamed is an object as it is now; that there is none is a failure.
func objectNamed(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, err
	}
	return s.mustGet(ctx, kind, name)
}

// judgeField reads a field of one object at once and wants ok of it.
func judgeField(ctx context.Context, path, kind, name, expected string, ok func(value string, there bool) bool) error {
	object, err := objectNamed(ctx, kind, name)
	if err != nil {
		return err
	}
	value, there, err := valueOf(object, path)
	if err == nil && !ok(value, there) {
		err = failed(fmt.Sprintf("%q of %s %q", path, kind, name), expected, said(object, value, there))
	}
	return err
}

func fieldIs(ctx context.Context, path, kind, name, want string) error {
	return judgeField(ctx, path, kind, name, fmt.Sprintf("%q", want),
		func(value string, there bool) bool { return meant(path, value, there) == want })
}

// fieldIsQuantity takes a quantity as it is meant: 768Mi are 786432Ki.
func fieldIsQuantity(ctx context.Context, path, kind, name, want string) error {
	wanted, err := resource.ParseQuantity(want)
	if err != nil {
		return fmt.Errorf("the quantity %q: %w", want, err)
	}
	return judgeField(ctx, path, kind, name, fmt.Sprintf("the quantity %q", want), func(value string, _ bool) bool {
		quantity, err := resource.ParseQuantity(value)
		return err == nil && quantity.Cmp(wanted) == 0
	})
}

func fieldIsNot(ctx context.Context, path, kind, name, unwanted string) error {
	return judgeField(ctx, path, kind, name, fmt.Sprintf("set, and anything but %q", unwanted),
		func(value string, there bool) bool { return there && value != unwanted })
}

func fieldIsAbsent(ctx context.Context, path, kind, name string) error {
	return judgeField(ctx, path, kind, name, "no such field", func(_ string, there bool) bool { return !there })
}

func fieldIsLong(ctx context.Context, path, kind, name string, length int) error {
	object, err := objectNamed(ctx, kind, name)
	if err != nil {
		return err
	}
	value, _, err := valueOf(object, path)
	if err == nil && len(value) != length {
		err = failed(fmt.Sprintf("%q of %s %q", path, kind, name), fmt.Sprintf("%d bytes", length), fmt.Sprintf("%d bytes", len(value)))
	}
	return err
}

func fieldMatches(ctx context.Context, path, kind, name, expression string) error {
	matcher, err := regexp.Compile(expression)
	if err != nil {
		return fmt.Errorf("the expression %q: %w", expression, err)
	}
	return judgeField(ctx, path, kind, name, fmt.Sprintf("a match of %q", expression),
		func(value string, there bool) bool { return there && matcher.MatchString(value) })
}

func fieldContains(ctx context.Context, path, kind, name, part string) error {
	return judgeField(ctx, path, kind, name, fmt.Sprintf("a text that contains %q", part),
		func(value string, _ bool) bool { return strings.Contains(value, part) })
}

// fieldIsAfter compares a time of an object with another of its times, or with a given one. They are told in whole seconds.
func fieldIsAfter(ctx context.Context, later, kind, name string, least, most int, earlier string) error {
	object, err := objectNamed(ctx, kind, name)
	if err != nil {
		return err
	}
	timeOf := func(path string) (time.Time, error) {
		text, there, err := valueOf(object, path)
		if err != nil {
			return time.Time{}, err
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return at, failed(fmt.Sprintf("%q of %s %q", path, kind, name), "a time", said(object, text, there))
		}
		return at, nil
	}
	since, err := time.Parse(time.RFC3339, earlier)
	if err != nil {
		since, err = timeOf(earlier)
	}
	if err != nil {
		return err
	}
	at, err := timeOf(later)
	if err != nil {
		return err
	}
	after := at.Sub(since)
	if after < time.Duration(least)*time.Second || after > time.Duration(most)*time.Second {
		return failed(fmt.Sprintf("%q of %s %q", later, kind, name), fmt.Sprintf("%d to %d s after %q", least, most, earlier), after.String()+" after it")
	}
	return nil
}

func fieldIsPresent(ctx context.Context, path, kind, name string) error {
	return judgeField(ctx, path, kind, name, "the field is set", func(value string, there bool) bool { return there && value != "" })
}

// awaitField waits for a field of one object.
func awaitField(ctx context.Context, path, kind, name, expected string, limit time.Duration, ok func(value string, there bool) bool) error {
	return watchField(ctx, path, kind, name, expected, limit, false, ok)
}

func watchField(ctx context.Context, path, kind, name, expected string, limit time.Duration, hold bool, ok func(value string, there bool) bool) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	return s.await(ctx, wait{
		kind: kind, options: named(name), limit: limit, expected: expected, hold: hold,
		what: fmt.Sprintf("%q of %s %q", path, kind, name),
		judge: func(found objects) (bool, string, error) {
			object := found[name]
			value, there, err := valueOf(object, path)
			return object != nil && ok(value, there), said(object, value, there), err
		},
	})
}

// patience is how long a change of a kind may take.
func patience(ctx context.Context, kind string) time.Duration {
	if kind == "Pod" || kind == "ReplicaSet" {
		return boundPodStart.within(ctx)
	}
	return boundController.within(ctx)
}

func fieldBecomes(ctx context.Context, path, kind, name, want string) error {
	return awaitField(ctx, path, kind, name, fmt.Sprintf("%q", want), patience(ctx, kind),
		func(value string, there bool) bool { return meant(path, value, there) == want })
}

// fieldCeases takes whatever comes in the place of a value, and that the field is there no more.
func fieldCeases(ctx context.Context, path, kind, name, unwanted string) error {
	return awaitField(ctx, path, kind, name, fmt.Sprintf("anything but %q", unwanted), patience(ctx, kind),
		func(value string, _ bool) bool { return value != unwanted })
}

func fieldComesToBe(ctx context.Context, path, kind, name string) error {
	return awaitField(ctx, path, kind, name, "any value", patience(ctx, kind), func(_ string, there bool) bool { return there })
}

func fieldBecomesAtLeast(ctx context.Context, path, kind, name string, least int, within string) error {
	limit := patience(ctx, kind)
	if within != "" {
		seconds, err := strconv.Atoi(within)
		if err != nil {
			return fmt.Errorf("the bound %q: %w", within, err)
		}
		limit = time.Duration(seconds) * time.Second
	}
	return awaitField(ctx, path, kind, name, fmt.Sprintf("at least %d", least), limit, func(value string, _ bool) bool {
		number, err := strconv.Atoi(value)
		return err == nil && number >= least
	})
}

func fieldStays(ctx context.Context, path, kind, name, want string, seconds int) error {
	return watchField(ctx, path, kind, name, fmt.Sprintf("%q, for %d s", want, seconds), time.Duration(seconds)*time.Second, true,
		func(value string, there bool) bool { return meant(path, value, there) == want })
}

func fieldRemembered(ctx context.Context, path, kind, name, as string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.mustGet(ctx, kind, name)
	if err != nil {
		return err
	}
	value, there, err := valueOf(object, path)
	if err != nil {
		return err
	}
	if !there {
		return failed(fmt.Sprintf("%q of %s %q", path, kind, name), "the field is set", "the field is absent")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember[as] = value
	return nil
}

// expanded fills in what the scenario remembers.
func expanded(ctx context.Context, text string) (string, error) {
	s, err := from(ctx)
	if err != nil {
		return "", err
	}
	return s.expand(text)
}

func stillExists(ctx context.Context, kind, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	_, err = s.mustGet(ctx, kind, name)
	return err
}

// presence waits for an object to be there or not, or to stay so.
func presence(ctx context.Context, kind, name string, want, hold bool, limit time.Duration) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	words := map[bool]string{true: "it exists", false: "it does not exist"}
	return s.await(ctx, wait{
		kind: kind, options: named(name), limit: limit, hold: hold,
		what: fmt.Sprintf("%s %q", kind, name), expected: words[want],
		judge: func(found objects) (bool, string, error) {
			object := found[name]
			seen := words[object != nil]
			if object != nil && object.GetDeletionTimestamp() != nil {
				seen += fmt.Sprintf(", being deleted since %s, finalizers %q", object.GetDeletionTimestamp().Format(time.RFC3339), object.GetFinalizers())
			}
			return (object != nil) == want, seen, nil
		},
	})
}

func existsFor(ctx context.Context, kind, name string, seconds int) error {
	return presence(ctx, kind, name, true, true, time.Duration(seconds)*time.Second)
}

// gone waits for an object's end; a Pod's own grace period comes on top of the bound.
func gone(ctx context.Context, kind, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	limit := boundPodEnd.within(ctx)
	object, err := s.get(ctx, kind, name)
	if err != nil {
		return err
	}
	if object != nil && object.GetDeletionGracePeriodSeconds() != nil {
		limit += time.Duration(*object.GetDeletionGracePeriodSeconds()) * time.Second
	}
	return presence(ctx, kind, name, false, false, limit)
}

func goneWithin(ctx context.Context, kind, name string, seconds int) error {
	return presence(ctx, kind, name, false, false, time.Duration(seconds)*time.Second)
}

func nothingStored(ctx context.Context, kind, name string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	object, err := s.get(ctx, kind, name)
	if err == nil && object != nil {
		err = failed(fmt.Sprintf("%s %q", kind, name), "nothing is stored", "it exists")
	}
	return err
}
