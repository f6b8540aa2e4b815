package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

func catalogCommand(w *world) *cobra.Command {
	return group("catalog", "Products, and files of them", catalogImport(w), catalogExport(w), catalogList(w), catalogShow(w))
}

func catalogList(w *world) *cobra.Command {
	var in catalog.ProductsInput
	var status string
	cmd := &cobra.Command{Use: "list", Short: "List the products in every state", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		in.Status = catalog.Status(status)
		p, err := s.Catalog.Products(cmd.Context(), in)
		if err != nil {
			return err
		}
		prices, err := w.prices(cmd.Context(), s, p.Items)
		if err != nil {
			return err
		}
		w.more(p.NextCursor)
		return w.print(p, products(prices, p.Items...), nil)
	})
	pages(cmd, &in.Query)
	cmd.Flags().StringVar(&status, "status", "", "draft, active or archived")
	return cmd
}

// products is a table of products.
func products(prices pricesOf, list ...catalog.Product) table {
	t := table{head: []string{"SLUG", "TITLE", "STATUS", "VARIANTS", "PRICE", "VENDOR", "TYPE", "UPDATED", "ID"}}
	for _, p := range list {
		t.add(p.Slug, p.Title, string(p.Status), number(int64(len(p.Variants))), prices.span(p), p.Vendor, p.Type, when(p.UpdatedAt), p.ID)
	}
	return t
}

func catalogShow(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "show PRODUCT", Short: "Show a product, by slug or id", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		p, err := s.Catalog.Product(cmd.Context(), catalog.ProductInput{ID: args[0]})
		if err != nil {
			return err
		}
		prices, err := w.prices(cmd.Context(), s, []catalog.Product{p})
		if err != nil {
			return err
		}
		return w.print(p, products(prices, p), func(out io.Writer) { showProduct(out, p, prices) })
	})
	return cmd
}

func showProduct(out io.Writer, p catalog.Product, prices pricesOf) {
	field(out, "Product", p.ID)
	field(out, "Slug", p.Slug)
	field(out, "Title", p.Title)
	field(out, "Status", string(p.Status))
	field(out, "Published", whenever(p.PublishedAt))
	field(out, "Vendor", p.Vendor)
	field(out, "Type", p.Type)
	field(out, "Tags", strings.Join(p.Tags, ", "))
	var options []string
	for _, o := range p.Options {
		options = append(options, o.Name)
	}
	field(out, "Options", strings.Join(options, ", "))
	t := table{head: []string{"VARIANT", "SKU", "VALUES", "PRICE", "WEIGHT", "SHIPS", "TAXABLE"}}
	for _, v := range p.Variants {
		t.add(v.ID, v.SKU, strings.Join(v.Values, " / "), prices.of(v.ID), number(v.WeightG)+" g", yes(v.RequiresShipping), yes(v.Taxable))
	}
	section(out, t)
}

// section writes a table below something else.
func section(out io.Writer, t table) {
	if len(t.rows) > 0 {
		_, _ = io.WriteString(out, "\n")
		_ = writeTable(out, t) // stdout that is gone is told at its end
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
