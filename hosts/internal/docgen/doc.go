// Package docgen writes the pages of docs that follow from the code: events,
// states, problems and the OpenAPI document. All of it is in its tests, which
// compare what is there with what the code says; "make generate" writes it.
package docgen
