package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for _, c := range []struct {
		name   string
		values []float64
		q      float64
		want   float64
	}{
		{"of one value", []float64{7}, 0.99, 7},
		{"the middle of three", []float64{3, 1, 2}, 0.5, 2},
		{"the lower of the middle two", []float64{4, 3, 1, 2}, 0.5, 2},
		{"p50 of a hundred", hundred, 0.5, 50},
		{"p99 of a hundred", hundred, 0.99, 99},
		{"the greatest", hundred, 1, 100},
		{"the least", hundred, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := quantile(c.values, c.q); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if hundred[0] != 100 {
		t.Error("the values were put in another order")
	}
}

func TestSpreadOf(t *testing.T) {
	if _, ok := spreadOf(nil); ok {
		t.Error("no values have a spread")
	}
	for _, c := range []struct {
		values []float64
		want   spread
		text   string
	}{
		{[]float64{2}, spread{2, 2, 2, 1}, "2.00"},
		{[]float64{3, 1, 2}, spread{2, 1, 3, 3}, "2.00 (1.00–3.00)"},
		{[]float64{4, 1, 2, 3}, spread{2.5, 1, 4, 4}, "2.50 (1.00–4.00)"},
	} {
		got, _ := spreadOf(c.values)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.values, diff)
		}
		if got.String() != c.text {
			t.Errorf("%v is written %q, not %q", c.values, got, c.text)
		}
	}
}

func TestShort(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0", 0.012345: "0.0123", 0.98765: "0.988", 1.5: "1.50", 72.34: "72.3", 99.96: "100", 123.4: "123", 1234.5: "1230", 123456: "123000", -1.234: "-1.23",
	} {
		if got := short(value); got != want {
			t.Errorf("%v is written %q, not %q", value, got, want)
		}
	}
}
