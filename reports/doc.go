// Package reports holds what a run found out: the model, and the forms in which people and programs read it:
// on the console, as JSON, as JUnit, and as one HTML page.
// It is a leaf: it knows neither how scenarios are run nor what they ask.
package reports
