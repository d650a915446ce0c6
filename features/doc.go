// Package features is the specification: one folder a chapter of the book, one feature file a subject, and claims.yaml, the
// book's claims that they prove. It is data, and knows nothing of how the sentences are carried out.
package features
