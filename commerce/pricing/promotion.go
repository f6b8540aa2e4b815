package pricing

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// PromotionKind is what a promotion does.
type PromotionKind string

// The kinds.
const (
	KindPercent      PromotionKind = "percent"
	KindFixed        PromotionKind = "fixed"         // an amount, once for the basket
	KindFreeShipping PromotionKind = "free_shipping" // the chosen way to deliver costs nothing
)

// PromotionScope is what a promotion takes its discount off.
type PromotionScope string

// The scopes.
const (
	ScopeOrder PromotionScope = "order" // all goods together
	ScopeItems PromotionScope = "items" // the items that it names, and nothing else
)

// Promotion takes something off baskets: of everybody, or of those who know its
// code. Orders that have it count as uses; a canceled one no longer does.
type Promotion struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Code is in its normal form, see FoldCode; null: it applies by itself.
	Code *string       `json:"code"`
	Kind PromotionKind `json:"kind"`
	// Percent is what KindPercent takes off, Amounts what KindFixed does, at most
	// one for each currency: where there is none it does not apply.
	Percent money.Rate     `json:"percent"`
	Amounts []money.Amount `json:"amounts"`
	Scope   PromotionScope `json:"scope"`
	// VariantIDs and ProductIDs are the items of ScopeItems: those in either.
	VariantIDs []string `json:"variant_ids"`
	ProductIDs []string `json:"product_ids"`
	// MinSubtotal is what all goods must cost before discounts, at least; with
	// some it applies in their currencies alone.
	MinSubtotal []money.Amount `json:"min_subtotal"`
	Markets     []string       `json:"markets"`   // empty: all
	StartsAt    *time.Time     `json:"starts_at"` // from then on
	EndsAt      *time.Time     `json:"ends_at"`   // until just before
	UsageLimit  *int64         `json:"usage_limit"`
	// PerCustomerLimit is how often one customer may use it: by id, guests by the
	// e-mail address of their order.
	PerCustomerLimit *int64 `json:"per_customer_limit"`
	// Priority says which of several counts when one is Exclusive: the highest
	// first. An exclusive promotion counts alone or not at all.
	Priority  int64 `json:"priority"`
	Exclusive bool  `json:"exclusive"`
	Active    bool  `json:"active"`

	Used       int64      `json:"used"` // by orders that are not canceled
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	ArchivedAt *time.Time `json:"archived_at"` // deleted while orders have it
}

// Reasons why a code does not count. They are part of the API.
const (
	CodeUnknown       = "unknown" // there is none, or it is switched off
	CodeNotStarted    = "not_started"
	CodeExpired       = "expired"
	CodeLimitReached  = "limit_reached"
	CodeCustomerLimit = "customer_limit" // this customer has used it up
	CodeMinimum       = "minimum_not_reached"
	CodeNotApplicable = "not_applicable" // to nothing in this basket, or not in this market
	CodeExclusive     = "exclusive"      // it, or what counts before it, counts alone
)

// Offer is a promotion that may count in a basket. Mine is how often its buyer
// has used it.
type Offer struct {
	Promotion
	Mine int64
}

// FoldCode returns the normal form of the code of a promotion: without spaces,
// full-width forms as ASCII, in upper case. ok is false unless that is 1 to 64
// of A-Z, 0-9, - and _.
func FoldCode(code string) (folded string, ok bool) {
	folded = strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // the full-width forms of ASCII
			r -= '！' - '!'
		}
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		default:
			return r
		}
	}, code)
	strange := func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	return folded, folded != "" && len(folded) <= 64 && !strings.ContainsFunc(folded, strange)
}

// counted reports whether how often p is used decides whether it counts.
func (p Promotion) counted() bool { return p.UsageLimit != nil || p.PerCustomerLimit != nil }

// refuses returns why o cannot count at a time, whatever the basket, "" when it can.
func (o Offer) refuses(now time.Time) string {
	switch {
	case !o.Active || o.ArchivedAt != nil:
		return CodeUnknown
	case o.StartsAt != nil && now.Before(*o.StartsAt):
		return CodeNotStarted
	case o.EndsAt != nil && !now.Before(*o.EndsAt):
		return CodeExpired
	case o.UsageLimit != nil && o.Used >= *o.UsageLimit:
		return CodeLimitReached
	case o.PerCustomerLimit != nil && o.Mine >= *o.PerCustomerLimit:
		return CodeCustomerLimit
	default:
		return ""
	}
}

// in returns the amount in c, nil when there is none.
func in(c money.Currency, amounts []money.Amount) *money.Amount {
	for i := range amounts {
		if amounts[i].Currency == c {
			return &amounts[i]
		}
	}
	return nil
}

// names reports whether p takes its discount off a line.
func (p Promotion) names(l Line) bool {
	return p.Scope == ScopeOrder || slices.Contains(p.VariantIDs, l.VariantID) || l.ProductID != "" && slices.Contains(p.ProductIDs, l.ProductID)
}

// byRight orders promotions by which goes before others: by priority, those that
// a shopper has asked for, the older one.
func byRight(a, b Promotion) int {
	automatic := func(p Promotion) int {
		if p.Code == nil {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(automatic(a), automatic(b)), cmp.Compare(a.ID, b.ID))
}

// byTurn orders promotions by when they take their discount: off items before
// orders, by percent before fixed amounts, shipping last.
func byTurn(a, b Promotion) int {
	turn := func(p Promotion) (n int) {
		switch {
		case p.Kind == KindFreeShipping:
			return 4
		case p.Scope == ScopeOrder:
			n = 2
		}
		if p.Kind == KindFixed {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(turn(a), turn(b)), byRight(a, b))
}

// clone returns a copy of p whose lists are its own and never null.
func (p Promotion) clone() Promotion {
	p.Amounts, p.MinSubtotal = list(p.Amounts), list(p.MinSubtotal)
	p.VariantIDs, p.ProductIDs, p.Markets = list(p.VariantIDs), list(p.ProductIDs), list(p.Markets)
	return p
}
