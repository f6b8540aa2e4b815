package boot

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// formats of catalog files, by the names that queries and flags give them.
var formats = map[string]importer.Format{"": importer.FormatShopify, "shopify": importer.FormatShopify, "jsonl": importer.FormatJSONLines}

// Format returns the format that a query or a flag names: shopify or jsonl, and
// shopify for "".
func Format(name string) (importer.Format, error) {
	if f, ok := formats[name]; ok {
		return f, nil
	}
	return "", badParam("format", "want shopify or jsonl")
}

// leftOut is the trailer of an export that tells of a product that the format
// cannot hold.
const leftOut = "Export-Left-Out"

// exports serves the catalog as a file, one product at a time.
func exports(s *Shop, mux *httpapi.Mux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, err := exportOptions(r)
		if err != nil {
			mux.Fail(w, r, err)
			return
		}
		out := &late{w: w, format: o.Format}
		_, err = s.Importer.Export(r.Context(), out, o)
		left, partly := errors.AsType[*importer.ProductError](err)
		switch {
		case partly:
			out.begin()
			w.Header().Set(leftOut, strconv.QuoteToASCII(left.Error()))
		case err != nil && !out.begun:
			mux.Fail(w, r, err)
		case err != nil:
			s.log.ErrorContext(r.Context(), "export", "err", err)
			panic(http.ErrAbortHandler) // half a file must not look like a whole one
		default:
			out.begin()
		}
	})
}

func exportOptions(r *http.Request) (importer.ExportOptions, error) {
	q := r.URL.Query()
	if err := opExport.Admit(r.Context(), op.Nothing{}); err != nil {
		return importer.ExportOptions{}, err
	}
	if err := onlyParams(q, "format", "currency"); err != nil {
		return importer.ExportOptions{}, err
	}
	c := money.Currency(q.Get("currency"))
	if c != "" && !c.Valid() {
		return importer.ExportOptions{}, badParam("currency", "want a currency as EUR")
	}
	f, err := Format(q.Get("format"))
	return importer.ExportOptions{Format: f, Currency: c}, err
}

// late sends the header with the first byte, so that an export that fails
// before it is answered with a problem.
type late struct {
	w      http.ResponseWriter
	format importer.Format
	begun  bool
}

func (l *late) begin() {
	if l.begun {
		return
	}
	l.begun = true
	l.w.Header().Set("Trailer", leftOut)
	if l.format == importer.FormatShopify {
		attach(l.w, "text/csv; charset=utf-8", "catalog.csv")
		return
	}
	attach(l.w, "application/jsonl; charset=utf-8", "catalog.jsonl")
}

func (l *late) Write(p []byte) (int, error) {
	l.begin()
	return l.w.Write(p)
}
