package importer

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The columns that fields of a Record hold, in the order of Shopify's header.
const (
	colHandle = iota
	colTitle
	colBody
	colVendor
	colType
	colTags
	colPublished
	colOption1Name
	colOption1Value
	colOption2Name
	colOption2Value
	colOption3Name
	colOption3Value
	colSKU
	colGrams
	colTracker
	colQuantity
	colPolicy
	colFulfillment
	colPrice
	colCompareAt
	colShipping
	colTaxable
	colBarcode
	colImage
	colPosition
	colAlt
	colGiftCard
	colSEOTitle
	colSEODescription
	colVariantImage
	colWeightUnit
	colTaxCode
	colStatus
	colCount
	colMetadata // any other column, in faults
)

var columnNames = [colCount]string{
	"Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published",
	"Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
	"Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
	"Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable",
	"Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description",
	"Variant Image", "Variant Weight Unit", "Variant Tax Code", "Status",
}

// Shopify's newer template names some of the same columns in another way.
var columnAliases = map[string]int{
	"url handle": colHandle, "description": colBody, "published on online store": colPublished,
	"sku": colSKU, "weight value (grams)": colGrams, "inventory tracker": colTracker, "inventory quantity": colQuantity,
	"continue selling when out of stock": colPolicy, "fulfillment service": colFulfillment, "price": colPrice,
	"compare-at price": colCompareAt, "requires shipping": colShipping, "charge tax": colTaxable, "barcode": colBarcode,
	"product image url": colImage, "variant image url": colVariantImage, "weight unit for display": colWeightUnit, "tax code": colTaxCode,
}

const (
	columnCategory       = "Product Category"
	columnGoogleCategory = "Google Shopping / Google Product Category"
	columnCost           = "Cost per item"
)

var googleColumns = []string{
	columnGoogleCategory, "Google Shopping / Gender", "Google Shopping / Age Group", "Google Shopping / MPN",
	"Google Shopping / AdWords Grouping", "Google Shopping / AdWords Labels", "Google Shopping / Condition", "Google Shopping / Custom Product",
	"Google Shopping / Custom Label 0", "Google Shopping / Custom Label 1", "Google Shopping / Custom Label 2",
	"Google Shopping / Custom Label 3", "Google Shopping / Custom Label 4",
}

// standardHeader is what every export begins with: Shopify's columns in
// Shopify's order.
var standardHeader = slices.Concat(
	columnNames[:colVendor+1], []string{columnCategory},
	columnNames[colType:colSEODescription+1], googleColumns,
	columnNames[colVariantImage:colTaxCode+1], []string{columnCost, columnNames[colStatus]},
)

// typedColumns finds the column of a header in lower case, metadataColumns the
// spelling of a known one that only metadata holds.
var typedColumns, metadataColumns = indexColumns()

func indexColumns() (typed map[string]int, metadata map[string]string) {
	typed, metadata = map[string]int{}, map[string]string{}
	for col, name := range columnNames {
		typed[strings.ToLower(name)] = col
	}
	maps.Copy(typed, columnAliases)
	for _, name := range standardHeader {
		if _, ok := typed[strings.ToLower(name)]; !ok {
			metadata[strings.ToLower(name)] = name
		}
	}
	return typed, metadata
}

// metadataName returns name as it stands in metadata.
func metadataName(name string) string {
	name = strings.TrimSpace(name)
	if known, ok := metadataColumns[strings.ToLower(name)]; ok {
		return known
	}
	return name
}

// ofProduct reports whether col says something about a product as a whole.
func ofProduct(col int) bool {
	switch col {
	case colOption1Name, colOption2Name, colOption3Name, colGiftCard, colSEOTitle, colSEODescription, colStatus:
		return true
	}
	return col >= colTitle && col <= colPublished
}

func ofImage(col int) bool { return col >= colImage && col <= colAlt }

func ofVariant(col int) bool { return col != colHandle && !ofProduct(col) && !ofImage(col) }

// variantMetadata reports whether a column that only metadata holds speaks of
// one variant even on the first row of a product.
func variantMetadata(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"variant ", "unit price ", "price / ", "compare at price / "} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == strings.ToLower(columnCost) || strings.Contains(name, "variant.metafields")
}

// shopifyColumn reports whether Shopify itself writes the column, though
// nothing here uses it.
func shopifyColumn(name string) bool {
	lower := strings.ToLower(name)
	if _, ok := metadataColumns[lower]; ok || variantMetadata(name) || strings.Contains(lower, "metafield") {
		return true
	}
	for _, prefix := range []string{"google shopping / ", "included / "} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return strings.HasSuffix(lower, " linked to") || slices.Contains([]string{"collection", "standardized product type", "custom product type"}, lower)
}

// surplusOption returns the number of an option above MaxOptions that the
// header names, as "Option4 Value" does, else 0.
func surplusOption(name string) int {
	number, what, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(name), "option"), " ")
	n, err := strconv.Atoi(number)
	if err != nil || n <= MaxOptions || len(name) == len(number+" "+what) || what != "name" && what != "value" {
		return 0
	}
	return n
}
