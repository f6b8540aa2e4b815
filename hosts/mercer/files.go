package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func catalogImport(w *world) *cobra.Command {
	var o importer.ImportOptions
	var onError, stock, currency string
	var resume bool
	cmd := &cobra.Command{
		Use: "import FILE…", Short: "Make the catalog what files say", Args: cobra.MinimumNArgs(1),
		Long: `Make the catalog what files say: Shopify's product CSV or JSON Lines, told apart by their content. - is stdin.

Products are matched by handle and variants by their options, so the same file twice changes nothing the second time.
Stock is written only for variants that are new (--stock set writes all): a second import brings no sold unit back.`,
		Example: "  mercer catalog import products.csv --dry-run\n  mercer catalog import products.csv --currency EUR --on-error skip",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o.OnFault, o.Stock, o.Currency = importer.OnFault(onError), importer.StockMode(stock), money.Currency(currency)
		var all []error
		ctx := cmd.Context()
		dir, err := w.bookmarks(cmd, resume, o)
		if err != nil {
			return err
		}
		for i, name := range args {
			if i > 0 {
				ctx = partOf(cmd.Context(), strconv.Itoa(i+1))
			}
			all = append(all, w.importFile(ctx, s, source{name, dir, resume}, o))
		}
		return errors.Join(all...)
	})
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "say what would change, and change nothing")
	f.StringVar(&onError, "on-error", "stop", "at a faulty product: stop, or skip it")
	f.StringVar(&stock, "stock", "new", "whose quantities to write: new variants, set (all), or skip (none)")
	f.BoolVar(&o.TrackAll, "track-all", false, "count stock also where the file names no tracker")
	f.StringVar(&currency, "currency", "", "currency of prices in a file that names none (the default market's)")
	f.BoolVar(&resume, "resume", false, "go on with an import of the same file that was broken off, as it was begun (local shops)")
	return w.keyed(cmd)
}

// source is a catalog file to import.
type source struct {
	name   string
	dir    string // for bookmarks; "" for none
	resume bool
}

// bookmarks returns the directory where imports are remembered, "" for none: a
// server remembers by itself, and a dry run is not worth it.
func (w *world) bookmarks(cmd *cobra.Command, resume bool, o importer.ImportOptions) (string, error) {
	base, err := w.remote()
	switch {
	case err != nil:
		return "", err
	case resume && o.DryRun:
		return "", usage("--resume goes on writing and --dry-run writes nothing: give one of them")
	case resume && base != "":
		return "", usage("a server goes on by itself: send the file again with the same --idempotency-key, without --resume")
	case base != "" || o.DryRun:
		return "", nil
	}
	c, err := w.config(cmd)
	return c.Data, err
}

// bookmark returns the bookmark of an import, nil when it has none, and the
// options to import with.
func (w *world) bookmark(from source, f io.ReadCloser, o importer.ImportOptions) (*boot.Bookmark, importer.ImportOptions, error) {
	file, ok := f.(*os.File)
	switch {
	case !ok && from.resume:
		return nil, o, usage("stdin cannot be read from the middle: name a file to resume")
	case !ok || from.dir == "":
		return nil, o, nil
	case !from.resume:
		b, err := boot.OpenBookmark(from.dir, from.name, file, o)
		return b, o, err
	}
	b, began, err := boot.ResumeBookmark(from.dir, from.name, file)
	if err == nil {
		w.note("%s: going on after row %d, as it was begun", from.name, began.After)
	}
	return b, began, err
}

var errImport = errors.New("the import did not take everything: see its report")

func (w *world) importFile(ctx context.Context, s *shop, from source, o importer.ImportOptions) error {
	name := from.name
	f, size, err := w.content(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	mark, o, err := w.bookmark(from, f, o)
	if err != nil {
		return err
	}
	bar := w.bar(filepath.Base(name), size)
	in, err := s.files.Import(ctx, boot.Upload{Content: f, Size: size}, o, func(in boot.Import) {
		bar(in.Progress.Bytes)
		if mark == nil {
			return
		}
		if err := mark.Turn(in); err != nil {
			w.note("%s: this import cannot be resumed: %v", name, err)
		}
	})
	bar(-1)
	if err != nil {
		return err
	}
	if mark != nil && (in.Error == nil || in.Error.Kind != fault.Unavailable) {
		if err := mark.Close(); err != nil {
			return err
		}
	}
	if in.Report != nil && in.Report.Currency != "" && o.Currency == "" {
		w.note("%s: prices are in %s, the currency of the default market; --currency says another", name, in.Report.Currency)
	}
	if err := w.report(in); err != nil {
		return err
	}
	switch {
	case in.Error != nil && in.Error.Code != importer.ErrStopped.Code && fault.KindOf(in.Error) != fault.Invalid:
		return in.Error
	case in.Error != nil:
		w.note("%s: %s", name, in.Error.Text)
		return errImport
	case in.Report != nil && in.Report.Failed > 0:
		return errImport
	}
	return nil
}

// report writes what an import did. Of a file of which nothing could be read
// there is nothing to show to people.
func (w *world) report(in boot.Import) error {
	if in.Report == nil {
		return nil
	}
	unread := in.Error != nil && in.Report.Rows == 0 && len(in.Report.Faults) == 0
	if unread && (w.format == "csv" || w.format == "table") {
		return nil
	}
	if w.format == "csv" {
		return in.Report.WriteCSV(w.out)
	}
	if w.format == "table" {
		if in.Report.DryRun {
			w.note("dry run: nothing was written")
		}
		return in.Report.WriteText(w.out)
	}
	return w.print(in.Report, table{}, nil)
}

// content opens a file, or stdin for "-".
func (w *world) content(name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(w.in), 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fault.New(fault.NotFound, "file.unreadable", err.Error())
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// bar returns what shows progress in bytes; below zero ends it. It shows
// nothing unless stderr is a terminal.
func (w *world) bar(name string, size int64) func(done int64) {
	if !terminal(w.err) {
		return func(int64) {}
	}
	if size == 0 {
		size = -1
	}
	b := progressbar.NewOptions64(size, progressbar.OptionSetDescription(plain(name)), progressbar.OptionSetWriter(w.err),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish())
	return func(done int64) {
		if done < 0 {
			_ = b.Finish()
			return
		}
		_ = b.Set64(done)
	}
}

func catalogExport(w *world) *cobra.Command {
	var format, currency string
	cmd := &cobra.Command{
		Use: "export [FILE]", Short: "Write the catalog to a file, or to stdout", Args: cobra.MaximumNArgs(1),
		Example: "  mercer catalog export products.csv\n  mercer catalog export --format jsonl > products.jsonl",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if format == "" && len(args) == 1 && filepath.Ext(args[0]) == ".jsonl" {
			format = "jsonl"
		}
		f, err := boot.Format(format)
		if err != nil {
			return err
		}
		o := importer.ExportOptions{Format: f, Currency: money.Currency(currency)}
		if len(args) == 0 || args[0] == "-" {
			return s.files.Export(cmd.Context(), w.out, o)
		}
		return toFile(args[0], func(out io.Writer) error { return s.files.Export(cmd.Context(), out, o) })
	})
	cmd.Flags().StringVar(&format, "format", "", "shopify or jsonl (by the name of the file, shopify when that says nothing)")
	cmd.Flags().StringVar(&currency, "currency", "", "currency of the prices (the default market's)")
	return cmd
}

// toFile writes a file as a whole: when something goes wrong, what was there
// stays.
func toFile(name string, write func(io.Writer) error) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".export-*")
	if err != nil {
		return err
	}
	written := write(temp)
	err = errors.Join(temp.Chmod(0o644), temp.Close())
	if errors.Is(written, boot.ErrLeftOut) && err == nil { // whole but for some products
		return errors.Join(written, os.Rename(temp.Name(), name))
	}
	if err = errors.Join(written, err); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temp.Name()))
	}
	return err
}
