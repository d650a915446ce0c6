// Package reports holds what a run found out: the model, and the forms in which people and programs read it.
// It is a leaf: it knows neither how scenarios are run nor what they ask.
package reports
