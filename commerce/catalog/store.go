package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Store is what an Engine needs from a database. catalogtest.Run says whether a
// type that has these methods is one. Keys compare by their bytes.
type Store interface {
	event.Recorder
	once.Keys

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Product returns the product with this id, or else with this slug, or else
	// the last that had this slug before, or ErrProductNotFound. Removing a
	// product frees all slugs that it has or had. In a unit of work the row is
	// locked.
	Product(ctx context.Context, idOrSlug string) (Product, error)

	// Products returns the products that fit f, in the order of their ids. In
	// a unit of work the rows are locked.
	Products(ctx context.Context, f ProductFilter) ([]Product, error)

	// ProductsOf returns, in no order, the products that have a variant with
	// one of the ids or one of the SKUs, each product once.
	ProductsOf(ctx context.Context, variantIDs, skus []string) ([]Product, error)

	// SKUs returns the ids of the variants that have these SKUs, by SKU.
	SKUs(ctx context.Context, skus []string) (map[string]string, error)

	// Edit writes all of edits or nothing. SKUs that edits give up are free
	// for the others among them. It returns ErrSlugTaken or ErrSKUTaken when
	// somebody else has one, and ErrProductStale when the stored version of
	// an Old is not its Version.
	Edit(ctx context.Context, edits []Edit) error

	// Categories returns the categories with these ids, all for nil, in the
	// order of their ids.
	Categories(ctx context.Context, ids []string) ([]Category, error)

	// Category returns the category with this id, or else with this slug, or
	// else the last that had this slug before, or ErrCategoryNotFound.
	Category(ctx context.Context, idOrSlug string) (Category, error)

	// PutCategories writes cs over what has their ids, all or nothing. It
	// returns ErrSlugTaken when a category with another id has a slug.
	PutCategories(ctx context.Context, cs []Category) error

	// DeleteCategory removes a category, if it is there, and frees all slugs
	// that it has or had.
	DeleteCategory(ctx context.Context, id string) error

	// PutListing replaces all entries of the named products by entries, which
	// are of these products. The caller holds the lock "listing".
	PutListing(ctx context.Context, productIDs []string, entries []Entry) error

	// Words returns how many words of entries of the market begin with each of
	// prefixes, counted once for each entry and up to ManyWords; and the words
	// of these entries that have one of reduced among their Reductions, each
	// once, in no order.
	Words(ctx context.Context, market string, prefixes, reduced []string) (begun map[string]int, near []string, err error)

	// Search returns the entries that f finds, in the order of f.Sort, after
	// f.After, at most f.Limit.
	Search(ctx context.Context, f Find) ([]Found, error)

	// Count returns how many entries f finds, whatever its After and Limit.
	Count(ctx context.Context, f Find) (int64, error)

	// Facets returns how many of the entries that f finds, whatever its After
	// and Limit, have each key: the most frequent first, then by key, at most
	// MaxFacets.
	Facets(ctx context.Context, f Find) ([]KeyCount, error)

	// Lock keeps other units of work that lock the same name waiting until
	// the unit of ctx is over.
	Lock(ctx context.Context, name string) error

	// Bump adds one to the generation, in the unit of work of ctx.
	Bump(ctx context.Context) error

	// Generation returns how often Bump was called.
	Generation(ctx context.Context) (int64, error)
}

// Edit is a change of one product: New is what to write, nil to remove it; Old
// is what it was, nil for a new one. New.Version is one more than Old.Version.
type Edit struct{ Old, New *Product }

// ProductFilter says which products to read. Zero fields let everything pass.
type ProductFilter struct {
	IDs, Slugs []string
	Status     Status
	After      string // ids greater than this
	Limit      int
}

// Entry is a Listed as stores keep it.
type Entry struct {
	ProductID string          `json:"product_id"`
	Market    string          `json:"market"`
	Published time.Time       `json:"published"`
	MinAmount *int64          `json:"min_amount"` // minor units; nil: no price
	MaxAmount *int64          `json:"max_amount"`
	InStock   bool            `json:"in_stock"`
	TitleKey  string          `json:"title_key"` // sorts as bytes
	Words     []Word          `json:"words"`     // no doubles
	Keys      []Key           `json:"keys"`      // no doubles
	Card      json.RawMessage `json:"card"`
}

// Word is a word that a search finds an entry by.
type Word struct {
	Text  string `json:"text"`
	Title bool   `json:"title"` // it stands in the title
}

// Key is something that entries are filtered by and counted for.
type Key struct {
	Kind  KeyKind `json:"kind"`
	Name  string  `json:"name"` // of the option, else ""
	Value string  `json:"value"`
}

// KeyKind is a kind of Key.
type KeyKind string

// The kinds.
const (
	KeyTag      KeyKind = "tag"
	KeyCategory KeyKind = "category"
	KeyOption   KeyKind = "option"
)

// AnyOf is a filter: one of the keys of this kind and name with one of Values.
type AnyOf struct {
	Kind   KeyKind
	Name   string
	Values []string
}

// Passes reports whether one of keys is one of a.
func (a AnyOf) Passes(keys []Key) bool {
	return slices.ContainsFunc(keys, func(k Key) bool {
		return k.Kind == a.Kind && k.Name == a.Name && slices.Contains(a.Values, k.Value)
	})
}

// KeyCount is how many entries have a key.
type KeyCount struct {
	Key
	Count int64
}

// MaxFacets is how many counts a search returns.
const MaxFacets = 1000

// Sort is an order of a search. Entries that are equal in it are ordered by id,
// descending where the order descends.
type Sort string

// The orders.
const (
	SortNewest    Sort = "newest"    // Published, descending
	SortCheap     Sort = "price"     // MinAmount, none last
	SortDear      Sort = "-price"    // MinAmount, descending, none last
	SortTitle     Sort = "title"     // TitleKey
	SortRelevance Sort = "relevance" // Hits, descending, then as SortNewest
)

// Find is a search in stores.
type Find struct {
	Market   string
	Now      time.Time // only what is published by then
	Terms    []Term    // each of them
	Keys     []AnyOf   // each of them
	PriceGTE *int64    // minor units; MaxAmount is at least this
	PriceLTE *int64    // MinAmount is at most this
	InStock  bool
	Sort     Sort
	After    *Position
	Limit    int
}

// Term is something that a search looks for: an entry has it if one of its words
// begins with Prefix, or, when that is empty, is one of Words.
type Term struct {
	Prefix string
	Words  []string
	Many   bool // ManyWords or more begin with Prefix, or may be Words: better found last
}

// ManyWords is how many words with one beginning are many.
const ManyWords = 2000

// Is reports whether word is what t looks for.
func (t Term) Is(word string) bool {
	if t.Prefix != "" {
		return strings.HasPrefix(word, t.Prefix)
	}
	return slices.Contains(t.Words, word)
}

// Position is where an entry stands in an order. Fields that the order does not
// look at are anything.
type Position struct {
	Sort      Sort   `json:"s"`
	ProductID string `json:"id"`
	Hits      int    `json:"h,omitempty"` // how many of Find.Terms a word of the title is
	Published int64  `json:"p,omitempty"` // microseconds since 1970
	Price     *int64 `json:"a,omitempty"` // MinAmount
	TitleKey  string `json:"t,omitempty"`
}

// Found is an entry that was found.
type Found struct {
	Position
	Card json.RawMessage
}
