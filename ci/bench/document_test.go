package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummarise(t *testing.T) {
	figures := []figure{{id: "start", what: "start", unit: "s", budget: 1.5}, {id: "rate", what: "rate", unit: "per s", more: true}, {id: "dns", what: "dns", unit: "s", budget: 1.5}}
	made := func(target string, number int, start, rate float64) *round {
		return &round{Target: target, Number: number, Values: map[string]float64{"start": start, "rate": rate}, Missing: map[string]string{}}
	}
	rounds := []*round{made("a", 1, 1, 100), made("b", 1, 2, 50), made("a", 2, 3, 300), made("b", 2, 4, 100), made("a", 3, 2, 200)}
	rounds[0].miss("dns", "it has none")
	got := summarise(figures, []string{"a", "b"}, rounds)
	want := []summary{
		{ID: "start", What: "start", Unit: "s", Better: "less", Budget: 1.5, Over: true,
			ByTarget: map[string]spread{"a": {2, 1, 3, 3}, "b": {3, 2, 4, 2}}, Ratio: &spread{0.625, 0.5, 0.75, 2}, Missing: map[string]string{}},
		{ID: "rate", What: "rate", Unit: "per s", Better: "more",
			ByTarget: map[string]spread{"a": {200, 100, 300, 3}, "b": {75, 50, 100, 2}}, Ratio: &spread{2.5, 2, 3, 2}, Missing: map[string]string{}},
		{ID: "dns", What: "dns", Unit: "s", Better: "less", Budget: 1.5, ByTarget: map[string]spread{}, Missing: map[string]string{"a": "it has none"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	var b strings.Builder
	d := &document{Targets: []string{"a", "b"}, Figures: got, Rounds: rounds, NotMeasured: elsewhere, Problems: []string{"an accident"}}
	if err := writeTable(&b, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a ÷ b", "2.00 (1.00–3.00)", "0.625 (0.500–0.750)", "OVER BUDGET", "dns, a: not measured: it has none", "first build, cold: not measured", "problem: an accident"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}

func TestBusy(t *testing.T) {
	for load, want := range map[string]bool{"0.40 9.00 9.00": false, "4.00 0.10 0.10": false, "4.10 0.10 0.10": true, "unknown": false, "": false} {
		if got := (&round{Load: load}).busy(2); got != want {
			t.Errorf("load %q on two cores: busy is %v", load, got)
		}
	}
}

func TestEveryFigureIsShownOnce(t *testing.T) {
	chosen, err := choose(nil)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]int{}
	for _, f := range chosenFigures(chosen) {
		shown[f.id]++
	}
	for _, m := range allMeasures() {
		for _, f := range m.figures {
			if shown[f.id] != 1 {
				t.Errorf("%s is shown %d times", f.id, shown[f.id])
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ args, message string }{
		{"-only=pods,pod", `-only: there is no measure "pod"; the measures are: start, idle`},
		{"-runs=0", "-runs: 0 is not positive"},
		{"-target=nothing", `-target: there is no target "nothing"; the targets are:`},
		{"-against=nothing", `-against: there is no target "nothing"; the targets are:`},
		{"-target=reference -against=reference", "-against: reference cannot be compared with itself"},
		{"-target=image", "-target=image: -image=NAME is missing"},
		{"-image=x:1", "-image: only the target image has one"},
		{"pods", `"pods" is no flag; see -help`},
	} {
		_, err := parse(strings.Fields(c.args), &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v, not %q", c.args, err, c.message)
		}
	}
	o, err := parse([]string{"-only=pods, api"}, &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"pods": true, "api": true}, o.chosen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
