package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// maxFaults bounds the faults that one product lists.
const maxFaults = 1000

// place says where a column stands for the i-th variant or image of a product.
type place func(col, i int) (row, line int, name string)

// checker finds what a product must not be in any format.
type checker struct {
	rec    *Record
	at     place
	faults []Fault
}

// check returns the faults of r, which is in normal form.
func (r *Record) check(at place) []Fault {
	c := checker{rec: r, at: at}
	c.product()
	c.options()
	c.variants()
	c.images()
	c.metadata(r.Metadata)
	return c.faults
}

func (c *checker) add(col, i int, value, format string, args ...any) {
	row, line, name := c.at(col, i)
	c.faults = append(c.faults, Fault{
		Handle: shorten(c.rec.Handle), Row: row, Line: line, Column: name, Value: shorten(value), Message: fmt.Sprintf(format, args...),
	})
}

func (c *checker) product() {
	r := c.rec
	if r.Handle == "" {
		c.add(colHandle, 0, "", "every row needs the handle of its product")
	} else if !goodHandle(r.Handle) {
		c.add(colHandle, 0, r.Handle, "a handle is at most %d bytes of lower-case letters, digits, - and _%s", MaxHandle, example(r.Handle))
	}
	if strings.TrimSpace(r.Title) == "" {
		c.add(colTitle, 0, r.Title, "the first row of a product needs a title")
	}
	if !slices.Contains([]Status{StatusActive, StatusDraft, StatusArchived}, r.Status) {
		c.add(colStatus, 0, string(r.Status), "write active, draft or archived")
	}
	for _, tag := range r.Tags {
		if strings.Contains(tag, ",") {
			c.add(colTags, 0, tag, "a tag holds no comma")
		}
	}
}

func (c *checker) options() {
	r := c.rec
	for i, name := range r.Options {
		switch {
		case i >= MaxOptions:
			c.add(colOption1Name, i, name, "a product has at most %d options", MaxOptions)
		case name == "":
			c.add(colOption1Name+2*i, i, "", "an option needs a name")
		case slices.Contains(r.Options[:i], name):
			c.add(colOption1Name+2*i, i, name, "each option of a product has another name")
		}
	}
}

func (c *checker) variants() {
	r := c.rec
	switch n := len(r.Variants); {
	case n == 0:
		c.add(colOption1Value, 0, "", "a product has at least one variant")
	case n > MaxVariants:
		c.add(colOption1Value, MaxVariants, "", "a product has at most %d variants", MaxVariants)
		return
	}
	first := make(map[string]int, len(r.Variants))
	var currency money.Currency
	for i := range r.Variants {
		v := &r.Variants[i]
		c.variant(i, v)
		c.amount(colPrice, i, v.Price, &currency)
		c.amount(colCompareAt, i, v.CompareAt, &currency)
		if c.values(i, v) {
			c.repeated(i, v, first)
		}
	}
}

// values reports whether v has a value for each option.
func (c *checker) values(i int, v *Variant) bool {
	if len(v.Options) > len(c.rec.Options) {
		extra := len(c.rec.Options)
		c.add(colOption1Value+2*min(extra, MaxOptions-1), i, v.Options[extra], "the product has %d option names, this is value %d", extra, extra+1)
		return false
	}
	ok := true
	for j, name := range c.rec.Options[:min(len(c.rec.Options), MaxOptions)] {
		if j >= len(v.Options) || v.Options[j] == "" {
			c.add(colOption1Value+2*j, i, "", "every variant needs a value of the option %q", shorten(name))
			ok = false
		}
	}
	return ok
}

func (c *checker) repeated(i int, v *Variant, first map[string]int) {
	key := fmt.Sprintf("%q", v.Options)
	before, ok := first[key]
	if !ok {
		first[key] = i
		return
	}
	row, _, _ := c.at(colOption1Value, before)
	if len(v.Options) == 0 {
		c.add(colOption1Value, i, "", "a second variant needs an option that tells it from the one in row %d", row)
		return
	}
	c.add(colOption1Value, i, strings.Join(v.Options, " / "), "variant %d in row %d has the same option values", before+1, row)
}

func (c *checker) variant(i int, v *Variant) {
	if v.Policy != PolicyDeny && v.Policy != PolicyContinue {
		c.add(colPolicy, i, string(v.Policy), "write deny or continue")
	}
	if !slices.Contains([]string{"", "g", "kg", "oz", "lb"}, v.WeightUnit) {
		c.add(colWeightUnit, i, v.WeightUnit, "write g, kg, oz or lb")
	}
	if v.Grams < 0 || v.Grams > MaxCount {
		c.add(colGrams, i, fmt.Sprint(v.Grams), "a weight lies between 0 and %d grams", int64(MaxCount))
	}
	if q := v.Quantity; q != nil && (*q < -MaxCount || *q > MaxCount) {
		c.add(colQuantity, i, fmt.Sprint(*q), "a quantity lies between %d and %d", int64(-MaxCount), int64(MaxCount))
	}
	c.metadata(v.Metadata)
}

func (c *checker) amount(col, i int, a *money.Amount, currency *money.Currency) {
	if a == nil {
		return
	}
	if *currency == "" {
		*currency = a.Currency
	}
	switch {
	case !a.Currency.Valid():
		c.add(col, i, string(a.Currency), "the currency is not a known ISO 4217 code")
	case a.Currency != *currency:
		c.add(col, i, a.String(), "all prices of a product are in one currency, here %s", *currency)
	case a.IsNegative():
		c.add(col, i, a.Decimal(), "a price is not below zero")
	case a.Bound() != nil:
		c.add(col, i, a.Decimal(), "a price is at most %s", money.New(money.MaxMinor, a.Currency).Decimal())
	}
}

func (c *checker) images() {
	if len(c.rec.Images) > MaxImages {
		c.add(colImage, MaxImages, "", "a product has at most %d images", MaxImages)
		return
	}
	for i, img := range c.rec.Images {
		if strings.TrimSpace(img.URL) == "" {
			c.add(colImage, i, "", "an image needs its address")
		}
		switch {
		case img.Position < 1 || img.Position > MaxCount:
			c.add(colPosition, i, fmt.Sprint(img.Position), "a position is a number from 1")
		case i > 0 && img.Position == c.rec.Images[i-1].Position:
			row, _, _ := c.at(colPosition, i-1)
			c.add(colPosition, i, fmt.Sprint(img.Position), "image %d in row %d has the same position", i, row)
		}
		c.metadata(img.Metadata)
	}
}

func (c *checker) metadata(m map[string]string) {
	if len(m) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if _, typed := typedColumns[strings.ToLower(name)]; typed || name == "" || surplusOption(name) > 0 {
			c.add(colMetadata, 0, name, "metadata is named otherwise than the other columns")
		}
	}
}

func goodHandle(s string) bool {
	for i, r := range s {
		plain := unicode.IsLetter(r) && unicode.ToLower(r) == r || unicode.IsDigit(r)
		joined := i > 0 && (r == '-' || r == '_' || unicode.IsMark(r))
		if r == utf8.RuneError || !plain && !joined {
			return false
		}
	}
	return len(s) <= MaxHandle
}

// example suggests a good handle in place of s, if it finds one.
func example(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if try := strings.Join(words, "-"); try != "" && len(try) <= 60 && goodHandle(try) {
		return fmt.Sprintf(", for example %q", try)
	}
	return ""
}

// shorten cuts s for a report.
func shorten(s string) string {
	const most = 60
	if len(s) > 4*most {
		s = s[:4*most]
	}
	runes := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
