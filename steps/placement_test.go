package steps

import "testing"

func TestMostByChance(t *testing.T) {
	tests := []struct {
		name              string
		pods, nodes, want int
	}{
		// 3 × 3^-14 is 6e-7, and 3 × 3^-13 is 1.9e-6.
		{"too few to tell", 13, 3, 13},
		{"all on one tells", 14, 3, 13},
		{"two nodes", 40, 2, 35},
		{"many", 300, 3, 142},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := mostByChance(test.pods, test.nodes); got != test.want {
				t.Errorf("%d Pods over %d nodes: at most %d, want %d", test.pods, test.nodes, got, test.want)
			}
		})
	}
}
