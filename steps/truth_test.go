package steps

import "testing"

func TestRouteTakesEachWayOnce(t *testing.T) {
	for n := 2; n <= 5; n++ {
		seen := map[[2]int]bool{}
		visits := route(n)
		for i, to := range visits[1:] {
			step := [2]int{visits[i], to}
			if step[0] == step[1] || seen[step] {
				t.Errorf("of %d places, the route %v goes %v twice, or stands still", n, visits, step)
			}
			seen[step] = true
		}
		if len(seen) != n*(n-1) || visits[0] != visits[len(visits)-1] {
			t.Errorf("of %d places, the route %v goes %d ways", n, visits, len(seen))
		}
	}
}

func TestWhatSelectorsMean(t *testing.T) {
	absent, empty, blue := map[string]string{}, map[string]string{"color": ""}, map[string]string{"color": "blue"}
	for _, c := range []struct {
		requirement         requirement
		written             string
		absent, empty, blue bool
	}{
		{requirement{"color", formEqual, []string{"blue"}}, "color=blue", false, false, true},
		{requirement{"color", formEquals, []string{""}}, "color==", false, true, false},
		{requirement{"color", formNotEqual, []string{"blue"}}, "color!=blue", true, true, false},
		{requirement{"color", formNotEqual, []string{""}}, "color!=", true, false, true},
		{requirement{"color", formIn, []string{""}}, "color in ()", false, true, false},
		{requirement{"color", formIn, []string{"", "blue"}}, "color in (,blue)", false, true, true},
		{requirement{"color", formNotIn, []string{"blue", "green"}}, "color notin (blue,green)", true, true, false},
		{requirement{"color", formExists, nil}, "color", false, true, true},
		{requirement{"color", formNot, nil}, "!color", true, false, false},
	} {
		if got := c.requirement.String(); got != c.written {
			t.Errorf("the requirement is written %q, not %q", got, c.written)
		}
		if a, e, b := c.requirement.means(absent), c.requirement.means(empty), c.requirement.means(blue); a != c.absent || e != c.empty || b != c.blue {
			t.Errorf("%s means absent: %v, empty: %v, blue: %v", c.written, a, e, b)
		}
	}
}
