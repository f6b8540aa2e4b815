package boot

import (
	"context"
	"net/http"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/openapi"
)

// What the routes of files are asked, as the document says it.
type (
	uploadInput struct {
		DryRun   bool   `json:"dry_run,omitempty" query:"dry_run" doc:"Write nothing, report the same."`
		OnError  string `json:"on_error,omitempty" query:"on_error" enum:"stop,skip" doc:"At a faulty product; stop when absent."`
		Stock    string `json:"stock,omitempty" query:"stock" enum:"new,set,skip" doc:"Whose quantities to write: of variants that are new, of all, of none; new when absent. Other than skip needs the scope stock:write."`
		TrackAll bool   `json:"track_all,omitempty" query:"track_all" doc:"Count stock though the file names no tracker."`
		Currency string `json:"currency,omitempty" query:"currency" pattern:"^[A-Z]{3}$" doc:"Of prices in a file that names none; the default market's when absent."`
	}
	importNamed struct {
		ID string `json:"id" path:"id"`
	}
	reportInput struct {
		ID     string `json:"id" path:"id"`
		Format string `json:"format,omitempty" query:"format" enum:"json,csv,text" doc:"json when absent"`
	}
	exportInput struct {
		Format   string `json:"format,omitempty" query:"format" enum:"shopify,jsonl" doc:"shopify when absent"`
		Currency string `json:"currency,omitempty" query:"currency" pattern:"^[A-Z]{3}$" doc:"Of the prices; the default market's when absent."`
	}
)

// Streams describes the routes of catalog files.
func Streams() (all []openapi.Stream) {
	add := func(pattern, scope string, s openapi.Stream) {
		s.Route = httpapi.Route{Op: s.Op.Name, Pattern: pattern, Scope: scope, Status: s.Route.Status, KeyRequired: s.Route.KeyRequired}
		all = append(all, s)
	}
	add(filePatterns[0], "catalog:write", openapi.Stream{Route: httpapi.Route{Status: http.StatusAccepted, KeyRequired: true},
		Op: described(op.Op[uploadInput, Import]{Name: "importer.import",
			Doc:   "Imports a catalog file: Shopify's product CSV or JSON Lines, told apart by its content, at most 512 MiB.",
			Fails: []*fault.Error{importer.ErrFormat, idem.ErrReused, httpapi.ErrTooLarge, httpapi.ErrWrongType, ErrImportsFull}}),
		Takes: []string{"text/csv", "application/jsonl", "application/octet-stream"}})
	add(filePatterns[1], "catalog:read", openapi.Stream{Headers: map[string]string{"Retry-After": "Seconds, until it has ended."}, Op: described(op.Op[importNamed, Import]{Name: "importer.show", Kind: op.Query,
		Doc: "How an import goes.", Fails: []*fault.Error{ErrImportNotFound}})})
	add(filePatterns[2], "catalog:read", openapi.Stream{Gives: []string{"text/csv", "text/plain"},
		Op: described(op.Op[reportInput, importer.Report]{Name: "importer.report", Kind: op.Query,
			Doc: "What an import did, once it has ended.", Fails: []*fault.Error{ErrImportNotFound}})})
	add(filePatterns[3], "catalog:write", openapi.Stream{Op: described(op.Op[importNamed, Import]{Name: "importer.cancel",
		Doc: "Ends an import that waits or runs. What it has done already stays.", Fails: []*fault.Error{ErrImportNotFound, ErrImportOver}})})
	add(exportRoute, "catalog:read", openapi.Stream{Gives: []string{"text/csv", "application/jsonl"},
		Op: described(op.Op[exportInput, op.Nothing]{Name: "importer.export", Kind: op.Query,
			Doc: "The whole catalog as a file. The trailer Export-Left-Out names a product that the format cannot hold."})})
	return all
}

// described returns the handler of an operation that is only described.
func described[In, Out any](o op.Op[In, Out]) (h op.Handler) {
	op.Handle(op.RegistrarFunc(func(got op.Handler) { h = got }), o, func(context.Context, In) (out Out, err error) { return out, fault.ErrUnavailable })
	return h
}
