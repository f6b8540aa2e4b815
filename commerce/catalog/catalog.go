// Package catalog keeps what a shop sells: products with their variants, and
// the categories they stand in. What a variant costs is pricing's, how many
// there are is inventory's.
package catalog

import (
	"encoding/json"
	"time"
)

// Status is where a product is in its life.
type Status string

// The states of a product.
const (
	StatusDraft    Status = "draft"
	StatusActive   Status = "active"
	StatusArchived Status = "archived"
)

// Product is something that is sold in one or more variants.
type Product struct {
	ID              string            `json:"id"`
	Slug            string            `json:"slug"` // unique; the handle of files
	Title           string            `json:"title"`
	DescriptionHTML string            `json:"description_html"` // sanitized
	Status          Status            `json:"status"`
	Vendor          string            `json:"vendor"`
	Type            string            `json:"type"`
	Tags            []string          `json:"tags"` // sorted, no doubles
	PublishedAt     *time.Time        `json:"published_at"`
	ExternalID      string            `json:"external_id,omitempty"`
	SEO             SEO               `json:"seo"`
	CategoryIDs     []string          `json:"category_ids"`
	Options         []Option          `json:"options"` // at most 3
	Media           []Media           `json:"media"`   // in order
	Attributes      map[string]string `json:"attributes"`
	Metadata        json.RawMessage   `json:"metadata"` // an object, at most 16 kB
	Variants        []Variant         `json:"variants"` // at least one, in order of Position
	Version         int64             `json:"version"`  // counts saves
	CreatedAt       time.Time         `json:"created_at"`
	UpdatedAt       time.Time         `json:"updated_at"`
}

// Visible reports whether shoppers may see p at now: it is active and its time
// of publication has come.
func (p Product) Visible(now time.Time) bool {
	return p.Status == StatusActive && p.PublishedAt != nil && !p.PublishedAt.After(now)
}

// SEO is what search engines are shown.
type SEO struct {
	Title       string `json:"title,omitempty" maxLength:"300"`
	Description string `json:"description,omitempty" maxLength:"1000"`
}

// Option is a way in which variants differ.
type Option struct {
	Name   string   `json:"name"`
	Values []string `json:"values"` // in order of appearance
}

// Media is a picture, kept elsewhere under URL.
type Media struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"` // "image"
	URL        string   `json:"url"`
	Alt        string   `json:"alt"`
	Width      int      `json:"width,omitempty"` // pixels, 0 when not known
	Height     int      `json:"height,omitempty"`
	VariantIDs []string `json:"variant_ids"`
}

// Variant is what goes into a cart. Values has one value for each option of the
// product; no two variants of a product have the same.
type Variant struct {
	ID               string          `json:"id"`
	SKU              string          `json:"sku,omitempty"` // unique in the shop when present
	Title            string          `json:"title"`         // the values, "S / Red"; "" without options
	Values           []string        `json:"values"`
	Position         int             `json:"position"` // from 1
	Barcode          string          `json:"barcode,omitempty"`
	WeightG          int64           `json:"weight_g"` // grams
	RequiresShipping bool            `json:"requires_shipping"`
	Taxable          bool            `json:"taxable"`
	TaxCategory      string          `json:"tax_category"` // "standard"
	Metadata         json.RawMessage `json:"metadata"`
}

// VariantOf is a variant with what a cart line shows of its product.
type VariantOf struct {
	Variant
	ProductID    string            `json:"product_id"`
	Slug         string            `json:"slug"`
	ProductTitle string            `json:"product_title"`
	Options      map[string]string `json:"options"` // name → value
	ImageURL     string            `json:"image_url,omitempty"`
	Visible      bool              `json:"visible"` // the product is active and within its window
}

// Category is a place in the tree of categories.
type Category struct {
	ID       string   `json:"id"`
	ParentID string   `json:"parent_id,omitempty"`
	Slug     string   `json:"slug"` // unique
	Name     string   `json:"name"`
	Position int      `json:"position"` // among its siblings
	Path     []string `json:"path"`     // names from the root to itself
	PathIDs  []string `json:"path_ids"`
	Version  int64    `json:"version"`
}

// Listed is one product as lists and searches of one market know it. It is
// derived from catalog, pricing and inventory, a moment late, and can be
// rebuilt.
type Listed struct {
	ProductID   string              `json:"product_id"`
	Market      string              `json:"market"`
	MinAmount   *int64              `json:"min_amount"` // minor units; nil: no variant has a price
	MaxAmount   *int64              `json:"max_amount"`
	InStock     bool                `json:"in_stock"`
	PublishedAt time.Time           `json:"published_at"`
	Title       string              `json:"title"`
	Words       string              `json:"words"`        // what a search looks through
	CategoryIDs []string            `json:"category_ids"` // with all above them
	Tags        []string            `json:"tags"`
	Options     map[string][]string `json:"options"`
	Card        json.RawMessage     `json:"card"` // the list item, ready to send
}
