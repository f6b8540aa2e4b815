package pricing

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// PromotionService is the part of a Service that is about promotions.
type PromotionService interface {
	CreatePromotion(ctx context.Context, in PromotionFields) (Promotion, error)
	Promotions(ctx context.Context, in PromotionsInput) (page.Page[Promotion], error)
	Promotion(ctx context.Context, in IDInput) (Promotion, error)
	UpdatePromotion(ctx context.Context, in UpdatePromotionInput) (Promotion, error)
	DeletePromotion(ctx context.Context, in IDInput) (op.Nothing, error)
	TryCode(ctx context.Context, in TryCodeInput) (JudgedCode, error)
}

// The operations of promotions, as transports know them.
var (
	OpCreatePromotion = op.Op[PromotionFields, Promotion]{Name: "pricing.create_promotion", Access: "promotions:write",
		Doc: "Makes a promotion: one with a code, or one that applies by itself.", Fails: []*fault.Error{ErrCodeTaken, ErrMarketNotFound}}
	OpPromotions = op.Op[PromotionsInput, page.Page[Promotion]]{Name: "pricing.promotions", Kind: op.Query, Access: "promotions:read",
		Doc: "The promotions, oldest first, deleted ones that orders have among them."}
	OpPromotion = op.Op[IDInput, Promotion]{Name: "pricing.promotion", Kind: op.Query, Access: "promotions:read",
		Doc: "One promotion.", Fails: []*fault.Error{ErrPromotionNotFound}}
	OpUpdatePromotion = op.Op[UpdatePromotionInput, Promotion]{Name: "pricing.update_promotion", Access: "promotions:write",
		Doc: "Changes a promotion: fields that are absent stay. Orders keep what they have.", Fails: []*fault.Error{ErrPromotionNotFound, ErrPromotionStale, ErrCodeTaken, ErrLimitBelowUses, ErrMarketNotFound}}
	OpDeletePromotion = op.Op[IDInput, op.Nothing]{Name: "pricing.delete_promotion", Access: "promotions:write",
		Doc: "Deletes a promotion. One that orders have is archived: it counts no more, and its code is free.", Fails: []*fault.Error{ErrPromotionNotFound}}

	OpTryCode = op.Op[TryCodeInput, JudgedCode]{Name: "pricing.try_code", Access: op.Inside,
		Doc: "Makes sure that a code counts in a basket. Tries are counted.", Fails: []*fault.Error{ErrCodeRejected, ErrTooManyAttempts, ErrMarketNotFound}}
)

// PromotionFields is a promotion as staff write it. Absent limits and times are
// none.
type PromotionFields struct {
	Title            string         `json:"title" minLength:"1" maxLength:"200"`
	Code             *string        `json:"code,omitempty" minLength:"1" maxLength:"100" doc:"1 to 64 of A-Z, 0-9, - and _; case and spaces do not count. Absent: it applies by itself."`
	Kind             PromotionKind  `json:"kind" enum:"percent,fixed,free_shipping"`
	Percent          money.Rate     `json:"percent,omitzero" doc:"Of percent: a decimal string, above 0 and at most 100."`
	Amounts          []money.Amount `json:"amounts,omitempty" maxItems:"200" doc:"Of fixed: one for each currency, taken off once."`
	Scope            PromotionScope `json:"scope" enum:"order,items"`
	VariantIDs       []string       `json:"variant_ids,omitempty" maxItems:"500" minLength:"1" maxLength:"64"`
	ProductIDs       []string       `json:"product_ids,omitempty" maxItems:"500" minLength:"1" maxLength:"64"`
	MinSubtotal      []money.Amount `json:"min_subtotal,omitempty" maxItems:"200"`
	Markets          []string       `json:"markets,omitempty" maxItems:"100" minLength:"1" maxLength:"64"`
	StartsAt         *time.Time     `json:"starts_at,omitempty"`
	EndsAt           *time.Time     `json:"ends_at,omitempty" doc:"The first moment at which it does not count any more."`
	UsageLimit       *int64         `json:"usage_limit,omitempty" minimum:"1" maximum:"1000000000"`
	PerCustomerLimit *int64         `json:"per_customer_limit,omitempty" minimum:"1" maximum:"1000"`
	Priority         int64          `json:"priority,omitempty" minimum:"-1000" maximum:"1000" doc:"Who goes first where one is exclusive: the highest."`
	Exclusive        bool           `json:"exclusive,omitempty" doc:"Counts alone or not at all."`
	Active           *bool          `json:"active,omitempty" doc:"true when absent."`
}

// UpdatePromotionInput changes a promotion. What is null becomes absent.
type UpdatePromotionInput struct {
	ID               string                   `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version          int64                    `json:"version,omitempty" header:"If-Match" doc:"Refuse when the promotion has another version."`
	Title            op.Maybe[string]         `json:"title,omitzero" minLength:"1" maxLength:"200"`
	Code             op.Maybe[string]         `json:"code,omitzero" minLength:"1" maxLength:"100"`
	Percent          op.Maybe[money.Rate]     `json:"percent,omitzero"`
	Amounts          op.Maybe[[]money.Amount] `json:"amounts,omitzero" maxItems:"200"`
	VariantIDs       op.Maybe[[]string]       `json:"variant_ids,omitzero" maxItems:"500" minLength:"1" maxLength:"64"`
	ProductIDs       op.Maybe[[]string]       `json:"product_ids,omitzero" maxItems:"500" minLength:"1" maxLength:"64"`
	MinSubtotal      op.Maybe[[]money.Amount] `json:"min_subtotal,omitzero" maxItems:"200"`
	Markets          op.Maybe[[]string]       `json:"markets,omitzero" maxItems:"100" minLength:"1" maxLength:"64"`
	StartsAt         op.Maybe[time.Time]      `json:"starts_at,omitzero"`
	EndsAt           op.Maybe[time.Time]      `json:"ends_at,omitzero"`
	UsageLimit       op.Maybe[int64]          `json:"usage_limit,omitzero" minimum:"1" maximum:"1000000000"`
	PerCustomerLimit op.Maybe[int64]          `json:"per_customer_limit,omitzero" minimum:"1" maximum:"1000"`
	Priority         op.Maybe[int64]          `json:"priority,omitzero" minimum:"-1000" maximum:"1000"`
	Exclusive        op.Maybe[bool]           `json:"exclusive,omitzero"`
	Active           op.Maybe[bool]           `json:"active,omitzero"`
}

// PromotionsInput asks for a page of promotions.
type PromotionsInput struct {
	page.Query
}

// TryCodeInput is a code for a basket. Tries are counted for the client of the
// request, and for the cart For.
type TryCodeInput struct {
	Code   string     `json:"code" minLength:"1" maxLength:"100"`
	Basket QuoteInput `json:"basket"`
	For    string     `json:"for" minLength:"1" maxLength:"64"`
}

// Rejected is the meta of ErrCodeRejected. Reason is one of the Code constants.
type Rejected struct {
	Code   string `json:"code"`
	Reason string `json:"reason" enum:"unknown,not_started,expired,limit_reached,customer_limit,minimum_not_reached,not_applicable,exclusive"`
}

// Check returns what the tags of a promotion cannot say.
func (f PromotionFields) Check() (items []fault.Item) {
	add := func(code, param, message string) {
		items = append(items, fault.Item{Code: code, Param: param, Message: message})
	}
	if f.Code != nil {
		if _, ok := FoldCode(*f.Code); !ok {
			add(check.NotAllowed, "/code", badCode)
		}
	}
	const all = money.Rate(1_000_000)
	if f.Kind == KindPercent && (f.Percent <= 0 || f.Percent > all) || f.Kind != KindPercent && f.Percent != 0 {
		add(money.ErrRate.Code, "/percent", "must be above 0 and at most 100 for percent, and absent otherwise")
	}
	if (f.Kind == KindFixed) != (len(f.Amounts) > 0) {
		add(check.TooFew, "/amounts", "fixed has one amount for each currency, other kinds have none")
	}
	if f.Kind == KindFreeShipping && f.Scope == ScopeItems {
		add(check.NotAllowed, "/scope", "shipping is free for the order")
	}
	if (f.Scope == ScopeItems) != (len(f.VariantIDs)+len(f.ProductIDs) > 0) {
		add(check.TooFew, "/variant_ids", "the scope items names variants or products, the scope order none")
	}
	if f.StartsAt != nil && f.EndsAt != nil && !f.StartsAt.Before(*f.EndsAt) {
		add(check.TooSmall, "/ends_at", "must be after starts_at")
	}
	items = append(items, checkAmounts("/amounts", f.Amounts)...)
	return append(items, checkAmounts("/min_subtotal", f.MinSubtotal)...)
}

// checkAmounts wants amounts above nothing, one for each currency.
func checkAmounts(at string, amounts []money.Amount) (items []fault.Item) {
	seen := map[money.Currency]bool{}
	for i, a := range amounts {
		param := fmt.Sprintf("%s/%d", at, i)
		switch {
		case !a.Currency.Valid():
			items = append(items, fault.Item{Code: money.ErrCurrency.Code, Param: param + "/currency", Message: money.ErrCurrency.Text})
		case seen[a.Currency]:
			items = append(items, fault.Item{Code: check.NotUnique, Param: param + "/currency", Message: "there is one amount for each currency"})
		case a.Minor <= 0 || a.Bound() != nil:
			items = append(items, fault.Item{Code: money.ErrOutOfRange.Code, Param: param + "/amount", Message: "must be above 0 and at most 99999999999"})
		}
		seen[a.Currency] = true
	}
	return items
}

const badCode = "a code is 1 to 64 letters A-Z, digits, - and _"

// Check returns what the tags cannot say: codes that none can have.
func (in QuoteInput) Check() (items []fault.Item) {
	for i, code := range in.Codes {
		if _, ok := FoldCode(code); !ok {
			items = append(items, fault.Item{Code: check.NotAllowed, Param: fmt.Sprintf("/codes/%d", i), Message: badCode})
		}
	}
	return items
}

// Check returns what the tags cannot say: a code that none can have.
func (in TryCodeInput) Check() []fault.Item {
	if _, ok := FoldCode(in.Code); ok {
		return nil
	}
	return []fault.Item{{Code: check.NotAllowed, Param: "/code", Message: badCode}}
}

func registerPromotions(r op.Registrar, s PromotionService) {
	op.Handle(r, OpCreatePromotion, s.CreatePromotion)
	op.Handle(r, OpPromotions, s.Promotions)
	op.Handle(r, OpPromotion, s.Promotion)
	op.Handle(r, OpUpdatePromotion, s.UpdatePromotion)
	op.Handle(r, OpDeletePromotion, s.DeletePromotion)
	op.Handle(r, OpTryCode, s.TryCode)
}

// CreatePromotion implements Service.
func (c Client) CreatePromotion(ctx context.Context, in PromotionFields) (Promotion, error) {
	return op.Call(ctx, c, OpCreatePromotion, in)
}

// Promotions implements Service.
func (c Client) Promotions(ctx context.Context, in PromotionsInput) (page.Page[Promotion], error) {
	return op.Call(ctx, c, OpPromotions, in)
}

// Promotion implements Service.
func (c Client) Promotion(ctx context.Context, in IDInput) (Promotion, error) {
	return op.Call(ctx, c, OpPromotion, in)
}

// UpdatePromotion implements Service.
func (c Client) UpdatePromotion(ctx context.Context, in UpdatePromotionInput) (Promotion, error) {
	return op.Call(ctx, c, OpUpdatePromotion, in)
}

// DeletePromotion implements Service.
func (c Client) DeletePromotion(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpDeletePromotion, in)
}

// TryCode implements Service.
func (c Client) TryCode(ctx context.Context, in TryCodeInput) (JudgedCode, error) {
	return op.Call(ctx, c, OpTryCode, in)
}
