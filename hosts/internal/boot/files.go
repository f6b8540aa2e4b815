package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
)

// Upload is a catalog file to import.
type Upload struct {
	Content io.Reader
	Size    int64 // bytes, 0 when not known
}

// runImport returns how a file that lies at a path is imported into s, for
// whoever has sent it.
func runImport(s *Shop) func(context.Context, kept, string, func(importer.Progress)) (importer.Report, error) {
	return func(ctx context.Context, k kept, path string, progress func(importer.Progress)) (report importer.Report, err error) {
		defer func() {
			if p := recover(); p != nil { // one file must not end the server
				err = fmt.Errorf("import %s: panic: %v\n%s", k.ID, p, debug.Stack())
			}
		}()
		f, err := os.Open(path)
		if err != nil {
			return report, err
		}
		defer func() { _ = f.Close() }()
		ctx = ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: k.By, Scopes: []string{"catalog:*", "stock:*"}})
		o := k.Options
		o.ID, o.Size, o.Progress = k.ID, k.Bytes, progress
		return s.Importer.Import(ctx, f, o)
	}
}

// Import imports a file here and now. progress may be nil. An import that did
// not succeed is returned with its Error and without an error.
func (s *Shop) Import(ctx context.Context, f Upload, o importer.ImportOptions, progress func(Import)) (Import, error) {
	if err := opImport.Admit(ctx, o); err != nil {
		return Import{}, err
	}
	in := Import{ID: cmp.Or(o.ID, importID("local", ident.Key(ctx))), Status: ImportRunning, Bytes: f.Size, CreatedAt: now(), StartedAt: new(now())}
	o.ID, o.Size = in.ID, f.Size
	in.Options = o
	o.Progress = func(p importer.Progress) {
		in.Progress = p
		if progress != nil {
			progress(in)
		}
	}
	report, err := s.Importer.Import(ctx, f.Content, o)
	if err != nil && ctx.Err() != nil {
		return in, ErrImportCanceled
	}
	in.Status, in.Report, in.FinishedAt = ImportSucceeded, &report, new(now())
	switch fault.KindOf(err) {
	case "":
	case fault.Internal:
		return in, err
	default:
		in.Status, in.Error = ImportFailed, fault.Public(err)
	}
	return in, nil
}

// ErrLeftOut says that an export is without the products that its format cannot
// hold.
var ErrLeftOut = fault.New(fault.Refused, "importer.left_out", "products were left out that the format cannot hold")

// Export writes the catalog to w. It returns ErrLeftOut for a file that is whole
// but for some products.
func (s *Shop) Export(ctx context.Context, w io.Writer, o importer.ExportOptions) error {
	_, err := s.Importer.Export(ctx, w, o)
	if left, ok := errors.AsType[*importer.ProductError](err); ok {
		return ErrLeftOut.Saying("the file is without what its format cannot hold: " + left.Error())
	}
	return err
}
