package plumbline

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// identity makes the scenario's id from its claim and its name, and for a row of an outline from what tells it from the
// other rows: the values in its name, or all of them. It does not depend on the order of anything.
func identity(s *scenario, at place) string {
	first := strings.TrimSuffix(s.file, ".feature")
	if len(s.claims) > 0 {
		first = s.claims[0]
	}
	text := s.name
	if at.row != nil && s.name == at.scenario.Name {
		for _, cell := range at.row.Cells {
			text += " " + cell.Value
		}
	}
	slug, lossy := slugOf(text)
	if at.row != nil && lossy {
		sum := sha256.Sum256([]byte(text))
		slug += "-" + hex.EncodeToString(sum[:2])
	}
	return first + "/" + slug
}

// longestSlug keeps ids readable on a command line.
const longestSlug = 80

// slugOf writes a text with small letters, digits, dots and dashes only. It says whether more than spaces were lost.
func slugOf(text string) (slug string, lossy bool) {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' && b.Len() > 0:
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			lossy = lossy || dash || r != ' ' && r != '-'
			dash = true
		}
	}
	slug = strings.Trim(b.String(), ".-")
	if len(slug) > longestSlug {
		slug, lossy = strings.Trim(slug[:longestSlug], ".-"), true
	}
	return slug, lossy
}
