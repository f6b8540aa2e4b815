package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// uploadPause is how long an upload may say nothing.
const uploadPause = time.Minute

// Who may do what with files.
var (
	opImport  = op.Op[importer.ImportOptions, Import]{Name: "importer.import", Access: "catalog:write"}
	opStock   = op.Op[op.Nothing, Import]{Name: "importer.import_stock", Access: "stock:write"}
	opImports = op.Op[op.Nothing, Import]{Name: "importer.imports", Kind: op.Query, Access: "catalog:read"}
	opExport  = op.Op[op.Nothing, op.Nothing]{Name: "importer.export", Kind: op.Query, Access: "catalog:read"}
)

// register serves files on m: they are no operations, for they do not fit in
// memory.
func (m *Imports) register(mux *httpapi.Mux) {
	h := importHandlers{m, mux}
	for i, f := range []func(http.ResponseWriter, *http.Request) error{h.create, h.show, h.report, h.cancel} {
		mux.Handle(filePatterns[i], h.handler(f))
	}
}

// Routes of files, which are no operations.
var filePatterns = []string{"POST /v1/admin/imports", "GET /v1/admin/imports/{id}", "GET /v1/admin/imports/{id}/report", "POST /v1/admin/imports/{id}/cancel"}

const exportRoute = "GET /v1/admin/exports/catalog"

type importHandlers struct {
	*Imports
	mux *httpapi.Mux
}

// handler answers with the error of f, if it has one.
func (h importHandlers) handler(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			h.mux.Fail(w, r, err)
		}
	})
}

func (h importHandlers) create(w http.ResponseWriter, r *http.Request) error {
	o, key, err := uploadOf(r)
	if err != nil {
		return err
	}
	who := ident.From(r.Context())
	k := kept{By: who.ID, Import: Import{ID: importID(who.String(), key), Status: ImportQueued, Options: o, CreatedAt: now()}}
	return h.take(w, r, k)
}

// uploadOf reads how to import and the idempotency key, and refuses who may not
// and what is not a file.
func uploadOf(r *http.Request) (o importer.ImportOptions, key string, err error) {
	if o, err = importOptionsOf(r); err != nil {
		return o, "", err
	}
	keys := r.Header.Values("Idempotency-Key")
	switch {
	case len(keys) == 0:
		return o, "", httpapi.ErrKeyRequired
	case len(keys) > 1 || keys[0] == "" || len(keys[0]) > 255:
		return o, "", idem.ErrBadKey
	case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"):
		return o, "", httpapi.ErrWrongType.Saying("send the file itself as the body")
	}
	return o, keys[0], nil
}

// importOptionsOf reads how to import, and refuses who may not.
func importOptionsOf(r *http.Request) (importer.ImportOptions, error) {
	if err := opImport.Admit(r.Context(), importer.ImportOptions{}); err != nil {
		return importer.ImportOptions{}, err
	}
	o, err := readImportOptions(r.URL.Query())
	if err != nil {
		return o, err
	}
	if o.Stock != importer.StockSkip {
		if err := opStock.Admit(r.Context(), op.Nothing{}); err != nil {
			return o, err
		}
	}
	return o, opImport.Admit(r.Context(), o)
}

// take stores the body and queues it.
func (h importHandlers) take(w http.ResponseWriter, r *http.Request, k kept) error {
	temp, err := os.CreateTemp(h.dir, ".upload-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already when it was queued
	k.Bytes, k.Sum, err = h.store(w, r, temp, k.Options)
	if err = errors.Join(err, temp.Close()); err != nil {
		return uploadFault(err)
	}
	in, added, err := h.Add(k, temp.Name())
	if err != nil {
		return err
	}
	head := w.Header()
	if !added {
		head.Set("Idempotent-Replayed", "true")
	}
	head.Set("Location", "/v1/admin/imports/"+in.ID)
	head.Set("Retry-After", "1")
	return writeJSON(w, http.StatusAccepted, in)
}

// store writes the body to f and returns its length and a sum of it and o.
func (h importHandlers) store(w http.ResponseWriter, r *http.Request, f *os.File, o importer.ImportOptions) (int64, string, error) {
	body := patient{http.MaxBytesReader(w, r.Body, h.max), http.NewResponseController(w)}
	sum := sha256.New()
	_ = json.NewEncoder(sum).Encode(o) // a hash takes everything
	n, err := io.Copy(io.MultiWriter(f, sum), body)
	if err != nil {
		return n, "", err
	}
	head := make([]byte, importer.DetectSize)
	got, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, "", err
	}
	if _, err := importer.Detect(head[:got]); err != nil {
		return n, "", err
	}
	return n, hexOf(sum), f.Sync()
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// patient lets a body take as long as it goes on coming.
type patient struct {
	io.Reader
	ctrl *http.ResponseController
}

func (p patient) Read(b []byte) (int, error) {
	_ = p.ctrl.SetReadDeadline(time.Now().Add(uploadPause))
	return p.Reader.Read(b)
}

// uploadFault says what was wrong with a body.
func uploadFault(err error) error {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return httpapi.ErrTooLarge.Saying("the file is too large").With(map[string]int64{"limit": large.Limit})
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		return fault.ErrMalformed.Saying("the file did not arrive as a whole")
	}
	return err
}

// same returns nil if two uploads with one key are the same.
func same(old *kept, k kept) error {
	if old.Sum != k.Sum {
		return idem.ErrReused
	}
	return nil
}

func (h importHandlers) show(w http.ResponseWriter, r *http.Request) error {
	in, err := h.asked(r)
	if err != nil {
		return err
	}
	if !in.Over() {
		w.Header().Set("Retry-After", "1")
	}
	return writeJSON(w, http.StatusOK, in)
}

// asked returns the import that a reader asks for.
func (h importHandlers) asked(r *http.Request, params ...string) (Import, error) {
	if err := mayRead(r, params...); err != nil {
		return Import{}, err
	}
	return h.Import(r.PathValue("id"))
}

// mayRead refuses who may not see imports, and parameters other than params.
func mayRead(r *http.Request, params ...string) error {
	if err := opImports.Admit(r.Context(), op.Nothing{}); err != nil {
		return err
	}
	return onlyParams(r.URL.Query(), params...)
}

func (h importHandlers) report(w http.ResponseWriter, r *http.Request) error {
	format, err := reportFormat(r)
	if err != nil {
		return err
	}
	in, err := h.Import(r.PathValue("id"))
	if err != nil {
		return err
	}
	if in.Report == nil {
		return ErrImportNotFound.Saying("the import has no report yet")
	}
	switch format {
	case "csv":
		attach(w, "text/csv; charset=utf-8", in.ID+".csv")
		return in.Report.WriteCSV(w)
	case "text":
		attach(w, "text/plain; charset=utf-8", in.ID+".txt")
		return in.Report.WriteText(w)
	default:
		return writeJSON(w, http.StatusOK, in.Report)
	}
}

// reportFormat returns the format that a reader wants, and refuses who may not
// have it.
func reportFormat(r *http.Request) (string, error) {
	if err := mayRead(r, "format"); err != nil {
		return "", err
	}
	switch format := r.URL.Query().Get("format"); format {
	case "", "json", "csv", "text":
		return format, nil
	default:
		return "", badParam("format", "want json, csv or text")
	}
}

func (h importHandlers) cancel(w http.ResponseWriter, r *http.Request) error {
	if err := mayCancel(r); err != nil {
		return err
	}
	in, err := h.Cancel(r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, in)
}

func mayCancel(r *http.Request) error { return opImport.Admit(r.Context(), importer.ImportOptions{}) }

// fileGates are what is refused of requests for files before anything of them
// leaves a gateway, by route.
var fileGates = map[string]func(*http.Request) error{
	filePatterns[0]: func(r *http.Request) error { _, _, err := uploadOf(r); return err },
	filePatterns[1]: func(r *http.Request) error { return mayRead(r) },
	filePatterns[2]: func(r *http.Request) error { _, err := reportFormat(r); return err },
	filePatterns[3]: mayCancel,
	exportRoute:     func(r *http.Request) error { _, err := exportOptions(r); return err },
}

// readImportOptions reads the query of an import.
func readImportOptions(q url.Values) (importer.ImportOptions, error) {
	o := importer.ImportOptions{OnFault: importer.OnFault(q.Get("on_error")), Stock: importer.StockMode(q.Get("stock")), Currency: money.Currency(q.Get("currency"))}
	if err := onlyParams(q, "dry_run", "on_error", "stock", "track_all", "currency"); err != nil {
		return o, err
	}
	for name, flag := range map[string]*bool{"dry_run": &o.DryRun, "track_all": &o.TrackAll} {
		switch q.Get(name) {
		case "", "false":
		case "true":
			*flag = true
		default:
			return o, badParam(name, "want true or false")
		}
	}
	return o, nil
}

// importQuery writes what readImportOptions reads.
func importQuery(o importer.ImportOptions) url.Values {
	q := url.Values{}
	set := func(name, v string) {
		if v != "" && v != "false" {
			q.Set(name, v)
		}
	}
	set("dry_run", strconv.FormatBool(o.DryRun))
	set("on_error", string(o.OnFault))
	set("stock", string(o.Stock))
	set("track_all", strconv.FormatBool(o.TrackAll))
	set("currency", string(o.Currency))
	return q
}

// onlyParams refuses parameters that are not named, and those that come twice.
func onlyParams(q url.Values, names ...string) error {
	for name, values := range q {
		switch {
		case !slices.Contains(names, name):
			return inQuery(httpapi.ErrUnknownParam, name)
		case len(values) > 1:
			return inQuery(httpapi.ErrRepeated, name)
		}
	}
	return nil
}

func badParam(name, text string) error { return inQuery(fault.ErrInvalid.Saying(text), name) }

func inQuery(f *fault.Error, name string) error {
	f = f.At("")
	f.In, f.Param = httpapi.InQuery, name
	return f
}

func attach(w http.ResponseWriter, contentType, name string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(data)
	return nil
}
