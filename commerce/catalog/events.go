package catalog

import "github.com/mercer-commerce/mercer/commerce/event"

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	ProductCreated  = event.Define[ProductChangedV1]("catalog.product_created", 1)
	ProductUpdated  = event.Define[ProductChangedV1]("catalog.product_updated", 1)
	ProductArchived = event.Define[ProductChangedV1]("catalog.product_archived", 1)
	CategoryChanged = event.Define[CategoryChangedV1]("catalog.category_changed", 1)
)

// ProductChangedV1 says that a product is another than before. A product that
// is no longer there is archived with Deleted.
type ProductChangedV1 struct {
	Product    string   `json:"product"`
	Slug       string   `json:"slug"`
	Version    int64    `json:"version"`
	VariantIDs []string `json:"variant_ids"`
	Deleted    bool     `json:"deleted,omitempty"`
}

// CategoryChangedV1 says that a category has another name, slug or place than
// before, and so all below it other paths, or that it is no longer there.
type CategoryChangedV1 struct {
	Category string `json:"category"`
	Slug     string `json:"slug"`
	ParentID string `json:"parent_id,omitempty"`
	Deleted  bool   `json:"deleted,omitempty"`
}
