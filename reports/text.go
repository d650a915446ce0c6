package reports

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

func brief(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// Pace says how fast the target answered, and what that did to the bounds; nothing if it was not asked.
func (t Target) Pace() string {
	switch {
	case t.Scale == 0:
		return ""
	case t.Scale == 1:
		return fmt.Sprintf("its API server answers in %s", milliseconds(t.Latency))
	default:
		return fmt.Sprintf("its API server answers in %s, so that all bounds of waiting are %.1f times as long", milliseconds(t.Latency), t.Scale)
	}
}

func milliseconds(s Seconds) string {
	if s < 0.001 {
		return "under 1 ms"
	}
	return fmt.Sprintf("%.0f ms", 1000*float64(s))
}

func indent(text, by string) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	return by + indentRest(text, by) + "\n"
}

func indentRest(text, by string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

// wrap writes words on lines of about the given width, indented but for the first.
func wrap(words []string, width int) string {
	var b strings.Builder
	length := width
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if length+len(word) >= width {
			b.WriteString("\n ")
			length = 1
		}
		b.WriteString(" " + word)
		length += len(word) + 1
	}
	return b.String()
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
