// Package importer moves products between files and a shop.
//
// Readers and writers stream: they hold one product at a time, whatever the
// size of the file. A file is a list of Records; a Record is a product as files
// know it, with everything a file says, so that reading an export and writing
// it again gives the same bytes. What people get wrong: a Shopify file has no
// currency in it, and an empty inventory tracker means that stock is not
// counted, whatever the quantity says.
package importer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// Limits of what is read and written.
const (
	MaxRow      = 1 << 20  // bytes of one CSV row, with the line breaks inside its cells
	MaxLine     = 16 << 20 // bytes of one line of JSON
	MaxProduct  = 8 << 20  // bytes of all CSV rows of one product
	MaxOptions  = 3        // per product
	MaxVariants = 2000     // per product
	MaxImages   = 250      // per product
	MaxHandle   = 255      // bytes of a handle
	MaxCount    = 1e9      // quantities (also below zero), grams and image positions
)

// The option that stands in Shopify files for a product without options.
const (
	defaultOption = "Title"
	defaultValue  = "Default Title"
)

// Status says who sees a product.
type Status string

// The statuses.
const (
	StatusActive   Status = "active"
	StatusDraft    Status = "draft"
	StatusArchived Status = "archived"
)

// Policy says what happens when stock is used up.
type Policy string

// The policies.
const (
	PolicyDeny     Policy = "deny"     // stop selling
	PolicyContinue Policy = "continue" // go on selling
)

// Record is one product as files know it.
type Record struct {
	Handle         string   `json:"handle"` // identity in files: lower-case letters, digits, "-" and "_"
	Title          string   `json:"title"`
	BodyHTML       string   `json:"body_html"`
	Vendor         string   `json:"vendor"`
	Type           string   `json:"type"`
	Tags           []string `json:"tags"`
	Published      bool     `json:"published"` // true when a file does not say
	Status         Status   `json:"status"`    // a file without it: draft unless published
	SEOTitle       string   `json:"seo_title"`
	SEODescription string   `json:"seo_description"`
	GiftCard       bool     `json:"gift_card"`
	// Options are the names of what variants differ in, none or up to
	// MaxOptions. A product without options has one variant.
	Options  []string  `json:"options"`
	Variants []Variant `json:"variants"`
	Images   []Image   `json:"images"` // by position
	// Metadata holds the columns that nothing else here holds, by header, those
	// that stand on the first row of the product and belong to all of it.
	Metadata map[string]string `json:"metadata,omitempty"`

	Row  int `json:"-"` // first row in the file, from 1; 0 when it comes from no file
	Line int `json:"-"` // where that row begins, from 1
}

// Variant is what can be bought.
type Variant struct {
	Options          []string          `json:"options"` // one value for each of Record.Options
	SKU              string            `json:"sku"`     // "" is none
	Barcode          string            `json:"barcode"`
	Price            *money.Amount     `json:"price"`      // nil when the file does not say
	CompareAt        *money.Amount     `json:"compare_at"` // nil is none
	Quantity         *int64            `json:"quantity"`   // nil when the file does not say; below zero is oversold
	Tracker          string            `json:"tracker"`    // who counts stock, "" nobody
	Policy           Policy            `json:"policy"`
	Fulfillment      string            `json:"fulfillment_service"`
	Grams            int64             `json:"grams"`
	WeightUnit       string            `json:"weight_unit"` // how to show the weight: g, kg, oz, lb or ""
	RequiresShipping bool              `json:"requires_shipping"`
	Taxable          bool              `json:"taxable"`
	TaxCode          string            `json:"tax_code"`
	Image            string            `json:"image"` // URL, "" is none
	Metadata         map[string]string `json:"metadata,omitempty"`

	Row  int `json:"-"`
	Line int `json:"-"`
}

// Tracked reports whether stock of v is counted and enforced.
func (v Variant) Tracked() bool { return v.Tracker != "" }

// Image is a picture of a product, by address.
type Image struct {
	URL      string            `json:"url"`
	Position int               `json:"position"` // from 1, unique in the product; 0 takes the next free one
	Alt      string            `json:"alt"`
	Metadata map[string]string `json:"metadata,omitempty"`

	Row  int `json:"-"`
	Line int `json:"-"`
}

// Category returns the category that the metadata names, in Shopify's taxonomy
// or else in Google's, "" when there is none.
func (r Record) Category() string {
	return cmp.Or(r.Metadata[columnCategory], r.Metadata[columnGoogleCategory])
}

// normalize brings r into the one form that is read and written: trimmed where
// spaces mean nothing, defaults filled in, images numbered and in order.
func (r *Record) normalize() {
	r.Handle = strings.TrimSpace(r.Handle)
	r.Tags = normalTags(r.Tags)
	r.Options = trimAll(r.Options)
	if r.Status == "" {
		r.Status = StatusDraft
		if r.Published {
			r.Status = StatusActive
		}
	}
	r.Metadata = normalMetadata(r.Metadata)
	for i := range r.Variants {
		r.Variants[i].normalize()
	}
	if r.isDefault() {
		r.Options, r.Variants[0].Options = []string{}, []string{}
	}
	r.Images = numbered(r.Images)
	for i := range r.Images {
		r.Images[i].URL = strings.TrimSpace(r.Images[i].URL)
		r.Images[i].Metadata = normalMetadata(r.Images[i].Metadata)
	}
}

// isDefault reports whether r has but the option that stands in files for none.
func (r *Record) isDefault() bool {
	if len(r.Options) != 1 || r.Options[0] != defaultOption || len(r.Variants) != 1 {
		return false
	}
	value := strings.Join(r.Variants[0].Options, "\n")
	return value == defaultValue || value == ""
}

func (v *Variant) normalize() {
	v.Options = trimAll(v.Options)
	v.SKU = strings.TrimSpace(v.SKU)
	v.Barcode = strings.TrimSpace(v.Barcode)
	v.Tracker = strings.TrimSpace(v.Tracker)
	v.Fulfillment = strings.TrimSpace(v.Fulfillment)
	v.WeightUnit = strings.ToLower(strings.TrimSpace(v.WeightUnit))
	v.TaxCode = strings.TrimSpace(v.TaxCode)
	v.Image = strings.TrimSpace(v.Image)
	v.Policy = cmp.Or(v.Policy, PolicyDeny)
	v.Metadata = normalMetadata(v.Metadata)
}

// copied returns r with slices of its own, for the changes of normalize.
func (r Record) copied() Record {
	r.Variants = slices.Clone(r.Variants)
	r.Images = slices.Clone(r.Images)
	return r
}

func trimAll(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strings.TrimSpace(s)
	}
	return out
}

func normalTags(in []string) []string {
	out := make([]string, 0, len(in))
	seen := make(map[string]bool, len(in))
	for _, tag := range trimAll(in) {
		if tag != "" && !seen[tag] {
			seen[tag] = true
			out = append(out, tag)
		}
	}
	return out
}

// normalMetadata spells known columns as Shopify does and drops empty values.
// It returns in itself when there is nothing to do.
func normalMetadata(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	clean := true
	for name, value := range in {
		clean = clean && value != "" && metadataName(name) == name
	}
	if clean {
		return in
	}
	out := make(map[string]string, len(in))
	for name, value := range in {
		known := metadataName(name)
		if _, taken := in[known]; taken {
			known = name // two spellings of one column stay apart
		}
		if value != "" {
			out[known] = value
		}
	}
	return out
}

// numbered gives images without a position the lowest free ones and returns
// all of them by position.
func numbered(in []Image) []Image {
	out := append([]Image{}, in...)
	taken := make(map[int]bool, len(out))
	for _, img := range out {
		taken[img.Position] = true
	}
	next := 1
	for i := range out {
		if out[i].Position != 0 {
			continue
		}
		for taken[next] {
			next++
		}
		out[i].Position, taken[next] = next, true
	}
	slices.SortStableFunc(out, func(a, b Image) int { return cmp.Compare(a.Position, b.Position) })
	return out
}
