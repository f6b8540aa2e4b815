package catalog

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is the catalog as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Product(ctx context.Context, in ProductInput) (Product, error)
	Products(ctx context.Context, in ProductsInput) (page.Page[Product], error)
	CreateProduct(ctx context.Context, in CreateProductInput) (Product, error)
	UpdateProduct(ctx context.Context, in UpdateProductInput) (Product, error)
	DeleteProduct(ctx context.Context, in IDInput) (op.Nothing, error)
	PutProducts(ctx context.Context, in PutProductsInput) (PutProductsOutput, error)
	Variants(ctx context.Context, in VariantsInput) (VariantsOutput, error)

	Categories(ctx context.Context, in op.Nothing) (CategoriesOutput, error)
	Category(ctx context.Context, in CategoryInput) (Category, error)
	CreateCategory(ctx context.Context, in CreateCategoryInput) (Category, error)
	UpdateCategory(ctx context.Context, in UpdateCategoryInput) (Category, error)
	DeleteCategory(ctx context.Context, in IDInput) (op.Nothing, error)
	PutCategories(ctx context.Context, in PutCategoriesInput) (PutCategoriesOutput, error)

	Search(ctx context.Context, in SearchInput) (SearchOutput, error)
	PutListing(ctx context.Context, in PutListingInput) (op.Nothing, error)
	Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error)
}

// The operations, as transports know them.
var (
	OpProduct = op.Op[ProductInput, Product]{Name: "catalog.product", Kind: op.Query, Access: op.Anyone,
		Doc: "One product by id or slug, also one that it had before. Drafts and archived ones only for who may catalog:read.", Fails: []*fault.Error{ErrProductNotFound}}
	OpProducts = op.Op[ProductsInput, page.Page[Product]]{Name: "catalog.products", Kind: op.Query, Access: "catalog:read",
		Doc: "Products in every state, by id."}
	OpCreateProduct = op.Op[CreateProductInput, Product]{Name: "catalog.create_product", Access: "catalog:write",
		Doc: "Makes a product with its variants.", Fails: []*fault.Error{ErrSlugTaken, ErrSKUTaken, ErrCategoryNotFound}}
	OpUpdateProduct = op.Op[UpdateProductInput, Product]{Name: "catalog.update_product", Access: "catalog:write",
		Doc: "Changes a product: fields that are absent stay.", Fails: []*fault.Error{ErrProductNotFound, ErrSlugTaken, ErrSKUTaken, ErrProductStale, ErrCategoryNotFound}}
	OpDeleteProduct = op.Op[IDInput, op.Nothing]{Name: "catalog.delete_product", Access: "catalog:write",
		Doc: "Removes a product. Orders keep their copy.", Fails: []*fault.Error{ErrProductNotFound}}
	OpPutProducts = op.Op[PutProductsInput, PutProductsOutput]{Name: "catalog.put_products", Access: "catalog:write",
		Doc: "Creates or replaces products by slug, with a result for each. What does not change is not written."}
	OpVariants = op.Op[VariantsInput, VariantsOutput]{Name: "catalog.variants", Kind: op.Query, Access: op.Anyone,
		Doc: "Variants by id or SKU. Those that do not exist are left out."}

	OpCategories = op.Op[op.Nothing, CategoriesOutput]{Name: "catalog.categories", Kind: op.Query, Access: op.Anyone,
		Doc: "All categories, parents before children, siblings by position."}
	OpCategory = op.Op[CategoryInput, Category]{Name: "catalog.category", Kind: op.Query, Access: op.Anyone,
		Doc: "One category by id or slug, also one that it had before.", Fails: []*fault.Error{ErrCategoryNotFound}}
	OpCreateCategory = op.Op[CreateCategoryInput, Category]{Name: "catalog.create_category", Access: "catalog:write",
		Doc: "Makes a category.", Fails: []*fault.Error{ErrSlugTaken, ErrCategoryNotFound, ErrCategoryTooDeep}}
	OpUpdateCategory = op.Op[UpdateCategoryInput, Category]{Name: "catalog.update_category", Access: "catalog:write",
		Doc: "Renames or moves a category with all below it.", Fails: []*fault.Error{ErrCategoryNotFound, ErrSlugTaken, ErrCategoryCycle, ErrCategoryTooDeep}}
	OpDeleteCategory = op.Op[IDInput, op.Nothing]{Name: "catalog.delete_category", Access: "catalog:write",
		Doc: "Removes a category that has no children.", Fails: []*fault.Error{ErrCategoryNotFound, ErrCategoryNotEmpty}}

	OpPutCategories = op.Op[PutCategoriesInput, PutCategoriesOutput]{Name: "catalog.put_categories", Access: "catalog:write",
		Doc: "Creates or replaces categories by slug, with a result for each. What does not change is not written."}

	OpSearch = op.Op[SearchInput, SearchOutput]{Name: "catalog.search", Kind: op.Query, Access: op.Anyone,
		Doc: "Lists the products of one market that shoppers may see."}
	OpPutListing = op.Op[PutListingInput, op.Nothing]{Name: "catalog.put_listing", Access: op.Inside,
		Doc: "Replaces what lists know of some products."}
	OpGeneration = op.Op[op.Nothing, GenerationOutput]{Name: "catalog.generation", Kind: op.Query, Access: op.Anyone,
		Doc: "A number that grows with each change of the catalog."}
)

// IDInput names something.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// ProductInput names a product by id or slug.
type ProductInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"255" doc:"Id or slug."`
}

// ProductsInput asks for a page of products.
type ProductsInput struct {
	page.Query
	Status Status   `json:"status,omitempty" query:"status" enum:"draft,active,archived"`
	Slugs  []string `json:"slugs,omitempty" query:"slug" maxItems:"500" doc:"Only these."`
	IDs    []string `json:"ids,omitempty" query:"id" maxItems:"500" doc:"Only these."`
}

// ProductFields are the parts of a product that a caller writes.
type ProductFields struct {
	Slug            string            `json:"slug" minLength:"1" maxLength:"255" pattern:"^[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*$"`
	Title           string            `json:"title" minLength:"1" maxLength:"255"`
	DescriptionHTML string            `json:"description_html,omitempty" maxLength:"262144"`
	Status          Status            `json:"status,omitempty" enum:"draft,active,archived" doc:"Draft when absent."`
	Vendor          string            `json:"vendor,omitempty" maxLength:"255"`
	Type            string            `json:"type,omitempty" maxLength:"255"`
	Tags            []string          `json:"tags,omitempty" maxItems:"250" maxLength:"255"`
	PublishedAt     *time.Time        `json:"published_at,omitempty" doc:"From when shoppers see it. Not published when absent, but see published."`
	Published       *bool             `json:"published,omitempty" doc:"In place of published_at: true keeps the time it has, or takes now; false takes it off sale."`
	ExternalID      string            `json:"external_id,omitempty" maxLength:"255"`
	SEO             SEO               `json:"seo,omitzero"`
	CategoryIDs     []string          `json:"category_ids,omitempty" maxItems:"50" maxLength:"64"`
	Options         []string          `json:"options,omitempty" maxItems:"3" minLength:"1" maxLength:"255" doc:"Names of options."`
	Media           []MediaFields     `json:"media,omitempty" maxItems:"250"`
	Attributes      map[string]string `json:"attributes,omitempty" maxProperties:"250"`
	Metadata        json.RawMessage   `json:"metadata,omitempty" maxLength:"16384"`
	Variants        []VariantFields   `json:"variants" minItems:"1" maxItems:"2000"`
}

// MediaFields are the parts of a picture that a caller writes. Identity is the URL.
type MediaFields struct {
	URL string `json:"url" minLength:"1" maxLength:"2048" pattern:"^https?://"`
	Alt string `json:"alt,omitempty" maxLength:"512"`
	// Values are the option values of the variants that show this picture.
	Variants [][]string `json:"variants,omitempty"`
}

// VariantFields are the parts of a variant that a caller writes. Identity
// within the product is Values.
type VariantFields struct {
	SKU              string          `json:"sku,omitempty" maxLength:"255"`
	Values           []string        `json:"values,omitempty" maxItems:"3" minLength:"1" maxLength:"255" doc:"One for each option."`
	Barcode          string          `json:"barcode,omitempty" maxLength:"255"`
	WeightG          int64           `json:"weight_g,omitempty" minimum:"0" maximum:"1000000000"`
	RequiresShipping bool            `json:"requires_shipping"`
	Taxable          bool            `json:"taxable"`
	TaxCategory      string          `json:"tax_category,omitempty" maxLength:"64" doc:"\"standard\" when absent."`
	Metadata         json.RawMessage `json:"metadata,omitempty" maxLength:"16384"`
}

// CreateProductInput is a new product.
type CreateProductInput struct {
	ProductFields
}

// UpdateProductInput changes a product. Variants, when present, replace all:
// those with the values of an existing one keep its id.
type UpdateProductInput struct {
	ID              string                      `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version         int64                       `json:"version,omitempty" header:"If-Match" doc:"Refuse when the product has another version."`
	Slug            op.Maybe[string]            `json:"slug,omitzero" minLength:"1" maxLength:"255" pattern:"^[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*$"`
	Title           op.Maybe[string]            `json:"title,omitzero" minLength:"1" maxLength:"255"`
	DescriptionHTML op.Maybe[string]            `json:"description_html,omitzero" maxLength:"262144"`
	Status          op.Maybe[Status]            `json:"status,omitzero" enum:"draft,active,archived"`
	Vendor          op.Maybe[string]            `json:"vendor,omitzero" maxLength:"255"`
	Type            op.Maybe[string]            `json:"type,omitzero" maxLength:"255"`
	Tags            op.Maybe[[]string]          `json:"tags,omitzero" maxItems:"250" maxLength:"255"`
	PublishedAt     op.Maybe[time.Time]         `json:"published_at,omitzero"`
	ExternalID      op.Maybe[string]            `json:"external_id,omitzero" maxLength:"255"`
	SEO             op.Maybe[SEO]               `json:"seo,omitzero"`
	CategoryIDs     op.Maybe[[]string]          `json:"category_ids,omitzero" maxItems:"50" maxLength:"64"`
	Options         op.Maybe[[]string]          `json:"options,omitzero" maxItems:"3" minLength:"1" maxLength:"255"`
	Media           op.Maybe[[]MediaFields]     `json:"media,omitzero" maxItems:"250"`
	Attributes      op.Maybe[map[string]string] `json:"attributes,omitzero" maxProperties:"250"`
	Metadata        op.Maybe[json.RawMessage]   `json:"metadata,omitzero" maxLength:"16384"`
	Variants        op.Maybe[[]VariantFields]   `json:"variants,omitzero" minItems:"1" maxItems:"2000"`
}

// PutProductsInput are products to create or replace, at most 100 a call.
type PutProductsInput struct {
	Products []ProductFields `json:"products" minItems:"1" maxItems:"100"`
	DryRun   bool            `json:"dry_run,omitempty" doc:"Say what would be done and do nothing."`
}

// PutProductsOutput has a result for each product, in order.
type PutProductsOutput struct {
	Results []PutResult `json:"results"`
}

// PutResult says what became of one product. In a dry run ids of new things are
// empty.
type PutResult struct {
	Slug    string       `json:"slug"`
	Outcome string       `json:"outcome" enum:"created,updated,unchanged,failed"`
	ID      string       `json:"id"`
	Changes []Change     `json:"changes"` // of an updated one
	Error   *fault.Error `json:"error,omitempty"`
	// Variants are those of the product now, in the order of the input, with
	// whether each is new.
	Variants []PutVariant `json:"variants"`
}

// PutVariant is a variant of a product that was put.
type PutVariant struct {
	ID      string `json:"id"`
	Created bool   `json:"created"`
}

// Change is one field that became another.
type Change struct {
	Field string `json:"field"` // "title", "media", "variants/S/sku"
	From  string `json:"from"`
	To    string `json:"to"`
}

// VariantsInput names variants.
type VariantsInput struct {
	IDs  []string `json:"ids,omitempty" query:"id" maxItems:"500"`
	SKUs []string `json:"skus,omitempty" query:"sku" maxItems:"500"`
}

// VariantsOutput has the variants that exist, in no order.
type VariantsOutput struct {
	Items []VariantOf `json:"items"`
}

// CategoriesOutput is the whole tree, flat.
type CategoriesOutput struct {
	Items []Category `json:"items"`
}

// CategoryInput names a category by id or slug.
type CategoryInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"255" doc:"Id or slug."`
}

// CreateCategoryInput is a new category.
type CreateCategoryInput struct {
	ParentID string `json:"parent_id,omitempty" maxLength:"64"`
	Slug     string `json:"slug" minLength:"1" maxLength:"255" pattern:"^[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*$"`
	Name     string `json:"name" minLength:"1" maxLength:"255"`
	Position int    `json:"position,omitempty" minimum:"0" maximum:"100000"`
}

// UpdateCategoryInput changes a category: fields that are absent stay.
type UpdateCategoryInput struct {
	ID       string           `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ParentID op.Maybe[string] `json:"parent_id,omitzero" maxLength:"64"`
	Slug     op.Maybe[string] `json:"slug,omitzero" minLength:"1" maxLength:"255" pattern:"^[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*$"`
	Name     op.Maybe[string] `json:"name,omitzero" minLength:"1" maxLength:"255"`
	Position op.Maybe[int]    `json:"position,omitzero" minimum:"0" maximum:"100000"`
}

// PutCategoriesInput are categories to create or replace, at most 5,000 a call.
// Parents may stand in the same call, before or after their children.
type PutCategoriesInput struct {
	Categories []CategoryFields `json:"categories" minItems:"1" maxItems:"5000"`
}

// CategoryFields are the parts of a category that a caller writes. Identity is
// Slug.
type CategoryFields struct {
	ParentSlug string `json:"parent_slug,omitempty" maxLength:"255" doc:"Empty for a root."`
	Slug       string `json:"slug" minLength:"1" maxLength:"255" pattern:"^[\\p{L}\\p{N}][\\p{L}\\p{N}_-]*$"`
	Name       string `json:"name" minLength:"1" maxLength:"255"`
	Position   int    `json:"position,omitempty" minimum:"0" maximum:"100000"`
}

// PutCategoriesOutput has a result for each category, in order.
type PutCategoriesOutput struct {
	Results []PutCategory `json:"results"`
}

// PutCategory says what became of one category.
type PutCategory struct {
	Slug    string       `json:"slug"`
	Outcome string       `json:"outcome" enum:"created,updated,unchanged,failed"`
	ID      string       `json:"id"`
	Error   *fault.Error `json:"error,omitempty"`
}

// SearchInput asks for a page of a market's products. Filters that are absent
// let everything pass.
type SearchInput struct {
	Market string `json:"market" minLength:"1" maxLength:"64"`
	Filters
}

// Filters say which products of a market are wanted, and in what order.
type Filters struct {
	page.Query
	Q        string              `json:"q,omitempty" query:"q" maxLength:"200"`
	Category string              `json:"category,omitempty" query:"category" maxLength:"255" doc:"Id or slug, with all below it."`
	Tag      string              `json:"tag,omitempty" query:"tag" maxLength:"255"`
	PriceGTE *int64              `json:"price_gte,omitempty" query:"filter[price][gte]" minimum:"0"`
	PriceLTE *int64              `json:"price_lte,omitempty" query:"filter[price][lte]" minimum:"0"`
	Options  map[string][]string `json:"options,omitempty" query:"filter[option.*]" maxProperties:"10" doc:"Any of the values of each named option."`
	InStock  bool                `json:"in_stock,omitempty" query:"in_stock"`
	Sort     string              `json:"sort,omitempty" query:"sort" enum:"relevance,newest,price,-price,title" doc:"Relevance with q, else newest."`
	Count    string              `json:"count,omitempty" query:"count" enum:"exact"`
	Facets   bool                `json:"facets,omitempty" query:"facets"`
}

// SearchOutput is a page of list items, and what the whole result is made of.
type SearchOutput struct {
	page.Page[json.RawMessage]
	Facets *Facets `json:"facets,omitempty"`
}

// Facets count the products of a result by what they can be filtered by.
type Facets struct {
	Tags       []Count            `json:"tags"`
	Categories []Count            `json:"categories"`
	Options    map[string][]Count `json:"options"`
}

// Count is how many products have a value.
type Count struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// PutListingInput replaces all rows of the named products.
type PutListingInput struct {
	ProductIDs []string `json:"product_ids" minItems:"1" maxItems:"500"`
	Rows       []Listed `json:"rows"`
}

// GenerationOutput is a number that grows.
type GenerationOutput struct {
	N int64 `json:"n"`
}
