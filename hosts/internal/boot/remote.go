package boot

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// pollEvery is how often Remote asks how an import goes.
const pollEvery = 300 * time.Millisecond

// Remote moves catalog files into and out of a shop elsewhere.
type Remote struct {
	Base  string // "https://shop.example", without /v1
	Token string // secret key
}

// importRoutes are the routes of imports that a client of operations can call.
var importRoutes = []httpapi.Route{
	{Op: "importer.show", Pattern: "GET /v1/admin/imports/{id}"},
	{Op: "importer.cancel", Pattern: "POST /v1/admin/imports/{id}/cancel"},
}

type importInput struct {
	ID string `json:"id" path:"id"`
}

// Import sends a file and waits until it is imported. The context's idempotency
// key, or a new one, goes with it. progress may be nil. When ctx ends first, the
// import is canceled. An import that did not succeed is returned with its Error
// and without an error.
func (r Remote) Import(ctx context.Context, f Upload, o importer.ImportOptions, progress func(Import)) (Import, error) {
	in, err := r.send(ctx, f, o)
	if err != nil {
		return in, err
	}
	for client := r.client(); !in.Over(); {
		if progress != nil {
			progress(in)
		}
		if !sleep(ctx, pollEvery) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_ = client.Call(ctx, "importer.cancel", importInput{in.ID}, &in)
			return in, ErrImportCanceled
		}
		var next Import
		err := client.Call(ctx, "importer.show", importInput{in.ID}, &next)
		switch fault.KindOf(err) {
		case "":
			in = next
		case fault.Unavailable, fault.Throttled, fault.Internal: // it goes on there; ask again
			if ctx.Err() == nil && !sleep(ctx, time.Second) {
				return in, err
			}
		default:
			return in, err
		}
	}
	if progress != nil {
		progress(in)
	}
	return in, nil
}

// sleep waits, and reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r Remote) client() httpapi.Client {
	return httpapi.Client{Base: r.Base, Token: r.Token, Routes: importRoutes}
}

func (r Remote) send(ctx context.Context, f Upload, o importer.ImportOptions) (in Import, err error) {
	req, err := r.request(ctx, http.MethodPost, "/v1/admin/imports", importQuery(o), f.Content)
	if err != nil {
		return in, err
	}
	if f.Size > 0 {
		req.ContentLength = f.Size
	}
	key := ident.Key(ctx)
	if key == "" {
		key = ident.NewID("key")
	}
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := do(req)
	if err != nil {
		return in, err
	}
	defer func() { _ = resp.Body.Close() }()
	return in, json.NewDecoder(resp.Body).Decode(&in)
}

// Export writes the catalog of the shop to w. It returns ErrLeftOut for a file
// that is whole but for some products.
func (r Remote) Export(ctx context.Context, w io.Writer, o importer.ExportOptions) error {
	q := url.Values{"format": {"shopify"}}
	if o.Format == importer.FormatJSONLines {
		q.Set("format", "jsonl")
	}
	if o.Currency != "" {
		q.Set("currency", string(o.Currency))
	}
	req, err := r.request(ctx, http.MethodGet, "/v1/admin/exports/catalog", q, nil)
	if err != nil {
		return err
	}
	resp, err := do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fault.ErrUnavailable.Saying("the export broke off").Because(err)
	}
	if why, err := strconv.Unquote(resp.Trailer.Get(leftOut)); err == nil {
		return ErrLeftOut.Saying("the file is without what its format cannot hold: " + why)
	}
	return nil
}

func (r Remote) request(ctx context.Context, method, path string, q url.Values, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Base+path+"?"+q.Encode(), body)
	if err != nil {
		return nil, err
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	return req, nil
}

// do sends a request and turns a problem into its fault.
func do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var p struct {
		Code, Title, Detail, In, Param string
		Meta                           json.RawMessage
		Errors                         []fault.Item
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Code == "" {
		return nil, fault.New(kindOf(resp.StatusCode), "http.status", "the server answered "+resp.Status)
	}
	f := &fault.Error{Kind: kindOf(resp.StatusCode), Code: p.Code, Text: p.Title, In: p.In, Param: p.Param, Meta: p.Meta, Errors: p.Errors}
	if p.Detail != "" {
		f.Text = p.Detail
	}
	return nil, f
}

// kindOf returns the kind of a status.
func kindOf(status int) fault.Kind {
	for _, k := range []fault.Kind{fault.Malformed, fault.Unauthenticated, fault.Denied, fault.NotFound, fault.Refused, fault.Stale,
		fault.TooLarge, fault.WrongType, fault.Invalid, fault.Throttled, fault.Unavailable} {
		if k.Status() == status {
			return k
		}
	}
	return fault.Internal
}
