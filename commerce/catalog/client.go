package catalog

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Register serves the operations of s through r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpProduct, s.Product)
	op.Handle(r, OpProducts, s.Products)
	op.Handle(r, OpCreateProduct, s.CreateProduct)
	op.Handle(r, OpUpdateProduct, s.UpdateProduct)
	op.Handle(r, OpDeleteProduct, s.DeleteProduct)
	op.Handle(r, OpPutProducts, s.PutProducts)
	op.Handle(r, OpVariants, s.Variants)
	op.Handle(r, OpCategories, s.Categories)
	op.Handle(r, OpCategory, s.Category)
	op.Handle(r, OpCreateCategory, s.CreateCategory)
	op.Handle(r, OpUpdateCategory, s.UpdateCategory)
	op.Handle(r, OpDeleteCategory, s.DeleteCategory)
	op.Handle(r, OpPutCategories, s.PutCategories)
	op.Handle(r, OpSearch, s.Search)
	op.Handle(r, OpPutListing, s.PutListing)
	op.Handle(r, OpGeneration, s.Generation)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Product implements Service.
func (c Client) Product(ctx context.Context, in ProductInput) (Product, error) {
	return op.Call(ctx, c, OpProduct, in)
}

// Products implements Service.
func (c Client) Products(ctx context.Context, in ProductsInput) (page.Page[Product], error) {
	return op.Call(ctx, c, OpProducts, in)
}

// CreateProduct implements Service.
func (c Client) CreateProduct(ctx context.Context, in CreateProductInput) (Product, error) {
	return op.Call(ctx, c, OpCreateProduct, in)
}

// UpdateProduct implements Service.
func (c Client) UpdateProduct(ctx context.Context, in UpdateProductInput) (Product, error) {
	return op.Call(ctx, c, OpUpdateProduct, in)
}

// DeleteProduct implements Service.
func (c Client) DeleteProduct(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeleteProduct, in)
}

// PutProducts implements Service.
func (c Client) PutProducts(ctx context.Context, in PutProductsInput) (PutProductsOutput, error) {
	return op.Call(ctx, c, OpPutProducts, in)
}

// Variants implements Service.
func (c Client) Variants(ctx context.Context, in VariantsInput) (VariantsOutput, error) {
	return op.Call(ctx, c, OpVariants, in)
}

// Categories implements Service.
func (c Client) Categories(ctx context.Context, in op.Nothing) (CategoriesOutput, error) {
	return op.Call(ctx, c, OpCategories, in)
}

// Category implements Service.
func (c Client) Category(ctx context.Context, in CategoryInput) (Category, error) {
	return op.Call(ctx, c, OpCategory, in)
}

// CreateCategory implements Service.
func (c Client) CreateCategory(ctx context.Context, in CreateCategoryInput) (Category, error) {
	return op.Call(ctx, c, OpCreateCategory, in)
}

// UpdateCategory implements Service.
func (c Client) UpdateCategory(ctx context.Context, in UpdateCategoryInput) (Category, error) {
	return op.Call(ctx, c, OpUpdateCategory, in)
}

// DeleteCategory implements Service.
func (c Client) DeleteCategory(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeleteCategory, in)
}

// PutCategories implements Service.
func (c Client) PutCategories(ctx context.Context, in PutCategoriesInput) (PutCategoriesOutput, error) {
	return op.Call(ctx, c, OpPutCategories, in)
}

// Search implements Service.
func (c Client) Search(ctx context.Context, in SearchInput) (SearchOutput, error) {
	return op.Call(ctx, c, OpSearch, in)
}

// PutListing implements Service.
func (c Client) PutListing(ctx context.Context, in PutListingInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpPutListing, in)
}

// Generation implements Service.
func (c Client) Generation(ctx context.Context, in op.Nothing) (GenerationOutput, error) {
	return op.Call(ctx, c, OpGeneration, in)
}
