package importer

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// generatedColumn is a column that no field and no other shop has.
const generatedColumn = "Metafield: custom.material [single_line_text_field]"

// Generate writes a Shopify product file of at least rows rows and a few more,
// so that the last product is whole, in USD. Products have 1 to 12 variants and
// text that is hard to carry: quotes, line breaks, umlauts, emoji, formulas.
// The same rows and seed give the same bytes.
func Generate(w io.Writer, rows int, seed uint64) error {
	return WriteShopify(w, []string{generatedColumn}, generated(rows, seed))
}

func generated(rows int, seed uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		g := generator{rand.New(rand.NewPCG(seed, 0x6d6572636572))}
		for i := 1; rows > 0; i++ {
			rec := g.product(i)
			if !yield(rec, nil) {
				return
			}
			rows -= max(len(rec.Variants), len(rec.Images))
		}
	}
}

type generator struct{ r *rand.Rand }

var (
	sampleNouns  = []string{"Shirt", "Jacke für Männer", "Kettle", "Señorita Dress", "Lamp 💡", "Mug", `Screen 27"`, "Rød Grød Bowl", "茶碗", "Übergrößen-Hose"}
	sampleWords  = []string{"blue", "warm", "hand-made", "it's", `"quoted"`, "a, b and c", "größer", "déjà vu", "✓", "cotton", "<b>bold</b>", "&amp;", "100 %"}
	sampleStarts = []string{"", "", "", "", "", "", "=cmd()|", "+1 ", "-2+3 ", "@home ", "'", "'=", "＝", "\t"}
	sampleColors = []string{"Red", "Blau", "Grün", "Noir"}
	sampleSizes  = []string{"S", "M", "L"}
)

func (g generator) pick(from []string) string { return from[g.r.IntN(len(from))] }

func (g generator) text(words int) string {
	s := g.pick(sampleStarts)
	for i := range words {
		if i > 0 {
			s += g.pick([]string{" ", " ", " ", " ", "\n", "\r\n", ", "})
		}
		s += g.pick(sampleWords)
	}
	return s
}

func (g generator) product(i int) Record {
	handle := "product-" + strconv.Itoa(i)
	rec := Record{
		Handle: handle, Title: g.pick(sampleStarts) + g.pick(sampleNouns) + " " + strconv.Itoa(i), BodyHTML: "<p>" + g.text(5+g.r.IntN(40)) + "</p>",
		Vendor: "Vendor " + strconv.Itoa(g.r.IntN(40)), Type: g.pick(sampleNouns), Published: g.r.IntN(10) > 0,
		SEOTitle: g.text(3), Metadata: map[string]string{columnGoogleCategory: "Apparel & Accessories > Clothing"},
	}
	for range g.r.IntN(4) {
		rec.Tags = append(rec.Tags, g.pick(sampleColors))
	}
	if g.r.IntN(3) == 0 {
		rec.Metadata[generatedColumn] = g.text(2)
	}
	rec.Options, rec.Variants = g.variants(handle)
	for j := range g.r.IntN(5) {
		rec.Images = append(rec.Images, Image{URL: fmt.Sprintf("https://images.example.com/%s/%d.jpg", handle, j+1), Alt: g.text(2)})
	}
	return rec
}

// variants returns 1 to 12 variants and the options they differ in.
func (g generator) variants(handle string) (options []string, variants []Variant) {
	colors, sizes := g.r.IntN(len(sampleColors)+1), 1+g.r.IntN(len(sampleSizes))
	if colors == 0 {
		return nil, []Variant{g.variant(handle, 0)}
	}
	for c := range colors {
		for s := range sizes {
			v := g.variant(handle, len(variants))
			v.Options = []string{sampleColors[c], sampleSizes[s]}
			variants = append(variants, v)
		}
	}
	return []string{"Color", "Größe"}, variants
}

func (g generator) variant(handle string, i int) Variant {
	price := 100 + g.r.Int64N(50_000)
	v := Variant{
		Price: new(money.New(price, "USD")), Quantity: new(g.r.Int64N(200) - 5), Fulfillment: "manual",
		Grams: g.r.Int64N(5000), WeightUnit: "kg", RequiresShipping: true, Taxable: g.r.IntN(20) > 0,
		Metadata: map[string]string{columnCost: money.New(price/2, "USD").Decimal()},
	}
	if g.r.IntN(4) > 0 {
		v.SKU = fmt.Sprintf("%s-%d", handle, i+1)
	}
	if g.r.IntN(3) > 0 {
		v.Tracker = "shopify"
	}
	if g.r.IntN(5) == 0 {
		v.CompareAt = new(money.New(price+price/4, "USD"))
		v.Policy = PolicyContinue
	}
	return v
}
