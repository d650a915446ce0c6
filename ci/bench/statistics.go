package main

import (
	"math"
	"slices"
	"strconv"
)

// quantile is the smallest of the values that at least the share q of them does not exceed (nearest rank), so that it is
// one that was seen. There has to be a value.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// spread is what several rounds say of one figure.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"min"`
	Most   float64 `json:"max"`
	N      int     `json:"rounds"`
}

// spreadOf is false where there are no values. The median of an even number of values is the mean of the middle two.
func spreadOf(values []float64) (spread, bool) {
	if len(values) == 0 {
		return spread{}, false
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Least: sorted[0], Most: sorted[n-1], N: n}, true
}

// short writes a number with three digits that mean something: more would claim what such measurements cannot know.
func short(v float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(rounded))))
	return strconv.FormatFloat(rounded, 'f', max(decimals, 0), 64)
}

// String is the median, and the range where there is one.
func (s spread) String() string {
	if s.N < 2 {
		return short(s.Median)
	}
	return short(s.Median) + " (" + short(s.Least) + "–" + short(s.Most) + ")"
}
