package simulate

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// spends looks at what is left on a gift card before the unit, and writes over
// what is there.
type spends struct {
	payment.Store
	seen map[string]payment.GiftCard
}

func (s spends) GiftCardsOf(ctx context.Context, ids []string) ([]payment.GiftCard, error) {
	all, err := s.Store.GiftCardsOf(ctx, ids)
	for _, c := range all {
		s.seen[c.ID] = c
	}
	return all, err
}

func (s spends) GiftCard(ctx context.Context, id string) (payment.GiftCard, error) {
	c, err := s.Store.GiftCard(ctx, id)
	if was, ok := s.seen[id]; ok && err == nil {
		c.Balance = was.Balance
	}
	return c, err
}

// hopeful looks at how often a promotion was used before the unit, and counts
// without a test: the store does not know of the limit.
type hopeful struct {
	pricing.Store
	w    *world
	seen map[string]int64
}

func (h hopeful) SavePromotion(ctx context.Context, p *pricing.Promotion) error {
	free := *p
	free.UsageLimit = nil
	err := h.Store.SavePromotion(ctx, &free)
	p.Version = free.Version
	return err
}

func (h hopeful) Offers(ctx context.Context, f pricing.OfferFilter) ([]pricing.Offer, error) {
	all, err := h.Store.Offers(ctx, f)
	for i, o := range all {
		all[i].UsageLimit, h.seen[o.ID] = new(h.most(o.ID)), o.Used
	}
	return all, err
}

func (h hopeful) ClaimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (bool, error) {
	if h.seen[c.PromotionID] >= h.most(c.PromotionID) {
		return false, nil
	}
	return h.Store.ClaimPromotion(ctx, c, u)
}

// most is how often a promotion may be used.
func (h hopeful) most(id string) int64 {
	for _, p := range h.w.promos {
		if p.id == id {
			return p.most
		}
	}
	return unlimited
}

// careless gives money back whatever a bank may decide.
type careless struct{ payment.Service }

func (c careless) OpenRefund(ctx context.Context, in payment.OpenRefundInput) (payment.Refund, error) {
	in.Force = true
	return c.Service.OpenRefund(ctx, in)
}

// embezzler is a bank whose list of movements leaves out what went back.
type embezzler struct{ Bank }

func (b embezzler) Movements(ctx context.Context, from, to time.Time) iter.Seq2[payment.Movement, error] {
	return func(yield func(payment.Movement, error) bool) {
		for m, err := range b.Bank.Movements(ctx, from, to) {
			if m.Kind != payment.LineRefunded && !yield(m, err) {
				return
			}
		}
	}
}

// amnesiac claims every key as if it were new.
type amnesiac struct{ idem.Store }

func (a amnesiac) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	old, won, err := a.Store.Claim(ctx, r)
	if err == nil && !won && old.State == idem.Done {
		r.Fence = old.Fence
		return r, true, nil
	}
	return old, won, err
}

// chatty keeps the secret of a payment.
type chatty struct{ payment.Store }

func (c chatty) Save(ctx context.Context, p *payment.Payment) error {
	if p.Status == payment.StatusOpen {
		p.NextAction = json.RawMessage(`{"type":"fake_confirm","client_secret":"secret"}`)
	}
	return c.Store.Save(ctx, p)
}

// sleeper waits in a unit of work.
type sleeper struct {
	payment.Service
	w *world
}

func (s sleeper) Scope() txn.Scope { return txn.Of(s.Service) }

func (s sleeper) Open(ctx context.Context, in payment.OpenInput) (payment.Payment, error) {
	s.w.sleep(time.Second)
	return s.Service.Open(ctx, in)
}
