package pricing

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// CreatePromotion makes a promotion and announces PromotionChanged. It returns
// ErrCodeTaken for a code that another promotion has, and ErrMarketNotFound for a
// market that the shop does not have.
func (e *Engine) CreatePromotion(ctx context.Context, in PromotionFields) (Promotion, error) {
	if err := OpCreatePromotion.Admit(ctx, in); err != nil {
		return Promotion{}, err
	}
	if err := e.haveMarkets(ctx, in.Markets); err != nil {
		return Promotion{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Promotion, error) {
		now := e.now()
		p := in.promotion(Promotion{ID: e.opts.ID("promo"), CreatedAt: now, UpdatedAt: now})
		return e.savePromotion(ctx, p, false)
	})
}

// savePromotion writes p and announces it.
func (e *Engine) savePromotion(ctx context.Context, p Promotion, deleted bool) (Promotion, error) {
	err := e.store.SavePromotion(ctx, &p)
	if errors.Is(err, ErrCodeTaken) {
		err = ErrCodeTaken.At("/code")
	}
	if err != nil {
		return Promotion{}, err
	}
	return p, e.announcePromotion(ctx, p, deleted)
}

func (e *Engine) announcePromotion(ctx context.Context, p Promotion, deleted bool) error {
	if err := e.store.Record(ctx, announce(e, PromotionChanged, p.ID, PromotionChangedV1{Promotion: p.ID, Deleted: deleted})); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}

// promotion returns p with what f says.
func (f PromotionFields) promotion(p Promotion) Promotion {
	p.Title, p.Code, p.Kind, p.Percent, p.Amounts = f.Title, nil, f.Kind, f.Percent, f.Amounts
	if f.Code != nil {
		code, _ := FoldCode(*f.Code)
		p.Code = &code
	}
	p.Scope, p.VariantIDs, p.ProductIDs, p.MinSubtotal, p.Markets = f.Scope, f.VariantIDs, f.ProductIDs, f.MinSubtotal, f.Markets
	p.StartsAt, p.EndsAt = stored(f.StartsAt), stored(f.EndsAt)
	p.UsageLimit, p.PerCustomerLimit = f.UsageLimit, f.PerCustomerLimit
	p.Priority, p.Exclusive, p.Active = f.Priority, f.Exclusive, f.Active == nil || *f.Active
	return p.clone()
}

// fields returns what staff write of p.
func (p Promotion) fields() PromotionFields {
	return PromotionFields{Title: p.Title, Code: p.Code, Kind: p.Kind, Percent: p.Percent, Amounts: p.Amounts, Scope: p.Scope,
		VariantIDs: p.VariantIDs, ProductIDs: p.ProductIDs, MinSubtotal: p.MinSubtotal, Markets: p.Markets, StartsAt: p.StartsAt, EndsAt: p.EndsAt,
		UsageLimit: p.UsageLimit, PerCustomerLimit: p.PerCustomerLimit, Priority: p.Priority, Exclusive: p.Exclusive, Active: &p.Active}
}

// stored returns a time as it is stored.
func stored(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.UTC().Truncate(time.Microsecond))
}

// promotionPosition is where a page of promotions ends.
type promotionPosition struct {
	ID string `json:"p"`
}

// Promotions returns a page of promotions, the oldest first.
func (e *Engine) Promotions(ctx context.Context, in PromotionsInput) (page.Page[Promotion], error) {
	if err := OpPromotions.Admit(ctx, in); err != nil {
		return page.Page[Promotion]{}, err
	}
	var after promotionPosition
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[Promotion]{}, err
	}
	found, err := e.store.Promotions(ctx, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[Promotion]{}, err
	}
	return page.Of(found, in.Size(), func(p Promotion) any { return promotionPosition{p.ID} }), nil
}

// Promotion returns one promotion, or ErrPromotionNotFound.
func (e *Engine) Promotion(ctx context.Context, in IDInput) (Promotion, error) {
	if err := OpPromotion.Admit(ctx, in); err != nil {
		return Promotion{}, err
	}
	return e.store.Promotion(ctx, in.ID)
}

// UpdatePromotion changes a promotion and announces PromotionChanged. It returns
// ErrPromotionNotFound, also for a deleted one; ErrPromotionStale when it has
// another version; ErrCodeTaken; ErrLimitBelowUses; ErrMarketNotFound. A change
// that changes nothing writes nothing.
func (e *Engine) UpdatePromotion(ctx context.Context, in UpdatePromotionInput) (Promotion, error) {
	if err := OpUpdatePromotion.Admit(ctx, in); err != nil {
		return Promotion{}, err
	}
	if err := e.haveMarkets(ctx, in.Markets.Value); err != nil {
		return Promotion{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Promotion, error) {
		old, err := e.living(ctx, in.ID)
		if err != nil {
			return Promotion{}, err
		}
		if in.Version != 0 && in.Version != old.Version {
			return Promotion{}, stale(old)
		}
		f := in.apply(old.fields())
		if err := check.Struct(f); err != nil {
			return Promotion{}, err
		}
		p := f.promotion(old)
		if reflect.DeepEqual(p, old.clone()) {
			return p, nil
		}
		if p.UsageLimit != nil && *p.UsageLimit < p.Used {
			return Promotion{}, ErrLimitBelowUses.At("/usage_limit").With(Uses{p.Used})
		}
		p.UpdatedAt = e.now()
		return e.savePromotion(ctx, p, false)
	})
}

func stale(p Promotion) error { return ErrPromotionStale.With(Current{p.Version}) }

// living returns a promotion that is not deleted, locked.
func (e *Engine) living(ctx context.Context, id string) (Promotion, error) {
	p, err := e.store.Promotion(ctx, id)
	if err == nil && p.ArchivedAt != nil {
		err = ErrPromotionNotFound
	}
	return p, err
}

// apply returns f changed as in says.
func (in UpdatePromotionInput) apply(f PromotionFields) PromotionFields {
	f.Title, f.Percent, f.Amounts = in.Title.Or(f.Title), in.Percent.Or(f.Percent), in.Amounts.Or(f.Amounts)
	f.VariantIDs, f.ProductIDs = in.VariantIDs.Or(f.VariantIDs), in.ProductIDs.Or(f.ProductIDs)
	f.MinSubtotal, f.Markets = in.MinSubtotal.Or(f.MinSubtotal), in.Markets.Or(f.Markets)
	f.Priority, f.Exclusive = in.Priority.Or(f.Priority), in.Exclusive.Or(f.Exclusive)
	f.Active = new(in.Active.Or(*f.Active))
	patch(&f.Code, in.Code)
	patch(&f.StartsAt, in.StartsAt)
	patch(&f.EndsAt, in.EndsAt)
	patch(&f.UsageLimit, in.UsageLimit)
	patch(&f.PerCustomerLimit, in.PerCustomerLimit)
	return f
}

// patch changes a field that may be absent.
func patch[T any](field **T, by op.Maybe[T]) {
	switch {
	case by.Null:
		*field = nil
	case by.Set:
		*field = &by.Value
	}
}

// DeletePromotion deletes a promotion, or archives it when orders have it, and
// announces PromotionChanged. It returns ErrPromotionNotFound.
func (e *Engine) DeletePromotion(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeletePromotion.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		p, err := e.living(ctx, in.ID)
		if err != nil {
			return op.Nothing{}, err
		}
		if p.Used == 0 {
			if err := e.store.DeletePromotion(ctx, p.ID); err != nil {
				return op.Nothing{}, err
			}
			return op.Nothing{}, e.announcePromotion(ctx, p, true)
		}
		now := e.now()
		p.ArchivedAt, p.UpdatedAt = &now, now
		_, err = e.savePromotion(ctx, p, true)
		return op.Nothing{}, err
	})
}

// CodeTriesPerMinute is how often a code may be tried for one cart, and from one
// client.
const CodeTriesPerMinute = 20

// TryCode returns how a code is judged that counts in a basket, beside the codes
// that this has. It returns ErrCodeRejected with Rejected for one that does not,
// and ErrTooManyAttempts for who tries too often, whether or not the code is right.
func (e *Engine) TryCode(ctx context.Context, in TryCodeInput) (JudgedCode, error) {
	if err := OpTryCode.Admit(ctx, in); err != nil {
		return JudgedCode{}, err
	}
	if err := e.countTry(ctx, in.For); err != nil {
		return JudgedCode{}, err
	}
	code, _ := FoldCode(in.Code)
	in.Basket.Codes = append(slices.Clone(in.Basket.Codes), code)
	q, err := e.quote(ctx, in.Basket)
	if err != nil {
		return JudgedCode{}, err
	}
	at := slices.IndexFunc(q.Codes, func(j JudgedCode) bool { return j.Code == code })
	if j := q.Codes[at]; j.Applied {
		return j, nil
	}
	reason := q.Codes[at].Reason
	return JudgedCode{}, ErrCodeRejected.Saying(WhyNot(reason)).At("/code").With(Rejected{Code: code, Reason: reason})
}

var whyNot = map[string]string{
	CodeUnknown: "there is no such code", CodeNotStarted: "this code does not count yet", CodeExpired: "this code has expired",
	CodeLimitReached: "this code has been used up", CodeCustomerLimit: "you have used this code already",
	CodeMinimum: "the goods do not cost enough for this code", CodeNotApplicable: "this code counts for nothing in the cart",
	CodeExclusive: "this code cannot be combined with another discount",
}

// WhyNot says for people why a code does not count; reason is one of the Code
// constants.
func WhyNot(reason string) string { return whyNot[reason] }
