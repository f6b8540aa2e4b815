package catalog

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrProductNotFound  = fault.New(fault.NotFound, "catalog.product_not_found", "no such product")
	ErrProductStale     = fault.New(fault.Stale, "catalog.version_mismatch", "the product has changed")
	ErrVariantNotFound  = fault.New(fault.NotFound, "catalog.variant_not_found", "no such variant")
	ErrSlugTaken        = fault.New(fault.Conflict, "catalog.slug_taken", "another one has this slug")
	ErrSKUTaken         = fault.New(fault.Conflict, "catalog.sku_taken", "another variant has this SKU")
	ErrCategoryNotFound = fault.New(fault.NotFound, "catalog.category_not_found", "no such category")
	ErrCategoryNotEmpty = fault.New(fault.Refused, "catalog.category_not_empty", "the category has children")
	ErrCategoryTooDeep  = fault.New(fault.Refused, "catalog.category_too_deep", "categories stand at most 20 deep")
	ErrCategoryCycle    = fault.New(fault.Refused, "catalog.category_cycle", "a category cannot stand below itself")
)
