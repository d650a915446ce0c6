// Package dress is what all of Plumbline's pages for a browser share: their style, and the script by which they are searched and linked.
package dress

import (
	_ "embed"
	"html/template"
)

//go:embed page.css
var style string

//go:embed links.js
var links string

// Style is the style of every page.
func Style() template.CSS { return template.CSS(style) }

// Script is the script of one page: its own part, which says in the function filter what its form #filter leaves to be seen, and
// the part of all.
func Script(own string) template.JS { return template.JS(own + links) }
