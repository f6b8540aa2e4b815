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
		for i, name := range args {
			if i > 0 {
				ctx = partOf(cmd.Context(), strconv.Itoa(i+1))
			}
			all = append(all, w.importFile(ctx, s, name, o))
		}
		return errors.Join(all...)
	})
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "say what would change, and change nothing")
	f.StringVar(&onError, "on-error", "stop", "at a faulty product: stop, or skip it")
	f.StringVar(&stock, "stock", "new", "whose quantities to write: new variants, set (all), or skip (none)")
	f.BoolVar(&o.TrackAll, "track-all", false, "count stock also where the file names no tracker")
	f.StringVar(&currency, "currency", "", "currency of prices in a file that names none (the default market's)")
	return w.keyed(cmd)
}

var errImport = errors.New("the import did not take everything: see its report")

func (w *world) importFile(ctx context.Context, s *shop, name string, o importer.ImportOptions) error {
	f, size, err := w.content(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	bar := w.bar(filepath.Base(name), size)
	in, err := s.files.Import(ctx, boot.Upload{Content: f, Size: size}, o, func(in boot.Import) { bar(in.Progress.Bytes) })
	bar(-1)
	if err != nil {
		return err
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

// report writes what an import did.
func (w *world) report(in boot.Import) error {
	if in.Report == nil {
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
