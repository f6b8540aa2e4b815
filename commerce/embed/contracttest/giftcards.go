package contracttest

import (
	"context"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// gift makes a gift card.
func (w *world) gift(minor int64) payment.NewGiftCard {
	w.Helper()
	return got(w.Payments.CreateGiftCard(w.Context(), payment.CreateGiftCardInput{Amount: usd(minor)}))(w)
}

// disabled makes a gift card that cannot be used.
func (w *world) disabled() payment.NewGiftCard {
	w.Helper()
	c := w.gift(1000)
	if off := got(w.Payments.DisableGiftCard(w.Context(), payment.IDInput{ID: c.ID}))(w); !off.Disabled {
		w.Error("the card is not disabled")
	}
	return c
}

// tendered opens a payment of 20.00 by gift card.
func (w *world) tendered(c payment.NewGiftCard) payment.Payment {
	w.Helper()
	return got(w.Payments.Open(w.inside(), w.tendering(c)))(w)
}

func (w *world) tendering(c payment.NewGiftCard) payment.OpenInput {
	in := w.owing(payment.MethodGiftCard, "")
	in.GiftCardID = c.ID
	return in
}

// accepts adds a gift card to a cart as its guest.
func (w *world) accepts(ctx context.Context, id, code string, version int64) error {
	_, err := w.Storefront.AddGiftCard(ctx, storefront.AddGiftCardInput{ID: id, Code: code, Version: version})
	return err
}

// filled makes a guest's cart with as many gift cards as it takes.
func (w *world) filled() (context.Context, storefront.Cart) {
	w.Helper()
	ctx, c := w.bag()
	for i := range cart.MaxCards {
		w.ok(w.Carts.AddGiftCard(w.inside(), cart.AddGiftCardInput{ID: c.ID, GiftCardID: fmt.Sprint("gc_", w.name(), i), Last4: fmt.Sprint("CAR", i)}))
	}
	return ctx, c
}

var giftCardCases = []trial{
	{"payment.create_gift_card", func(w *world) {
		c := w.gift(5000)
		if c.Code == "" || c.Balance != usd(5000) {
			w.Errorf("a card %q of %v, want a code and 50.00", c.Code, c.Balance)
		}
		w.fails(payment.ErrGiftCardTaken)(w.Payments.CreateGiftCard(w.Context(), payment.CreateGiftCardInput{Amount: usd(1), Code: c.Code}))
	}},
	{"payment.gift_cards and payment.gift_card", func(w *world) {
		c := w.gift(5000)
		found := false
		for one, err := range page.All(w.Context(), func(ctx context.Context, cursor string) (page.Page[payment.GiftCard], error) {
			return w.Payments.GiftCards(ctx, payment.GiftCardsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
		}) {
			w.ok(one, err)
			found = found || one.ID == c.ID
		}
		if !found {
			w.Errorf("%s is not in the list", c.ID)
		}
		if d := got(w.Payments.GiftCard(w.Context(), payment.IDInput{ID: c.ID}))(w); len(d.Moves) != 1 || d.Moves[0].Delta != usd(5000) {
			w.Errorf("moves %+v, want 50.00", d.Moves)
		}
		w.fails(payment.ErrGiftCardNotFound)(w.Payments.GiftCard(w.Context(), payment.IDInput{ID: nobody}))
	}},
	{"payment.disable_gift_card and payment.enable_gift_card", func(w *world) {
		if c := got(w.Payments.EnableGiftCard(w.Context(), payment.IDInput{ID: w.disabled().ID}))(w); c.Disabled {
			w.Error("the card is still disabled")
		}
		w.fails(payment.ErrGiftCardNotFound)(w.Payments.DisableGiftCard(w.Context(), payment.IDInput{ID: nobody}))
		w.fails(payment.ErrGiftCardNotFound)(w.Payments.EnableGiftCard(w.Context(), payment.IDInput{ID: nobody}))
	}},
	{"payment.gift_card_by_code", func(w *world) {
		c := w.gift(5000)
		in := payment.GiftCardByCodeInput{Code: c.Code, Currency: "USD", For: "cart_" + w.name()}
		if found := got(w.Payments.GiftCardByCode(w.inside(), in))(w); found.ID != c.ID || found.Reason != "" {
			w.Errorf("found %+v, want %s", found, c.ID)
		}
		in.Code = "WRONG-CODE"
		for range payment.GiftCardTriesPerMinute - 1 {
			w.fails(payment.ErrGiftCardNotFound)(w.Payments.GiftCardByCode(w.inside(), in))
		}
		w.fails(payment.ErrTooManyAttempts)(w.Payments.GiftCardByCode(w.inside(), in))
	}},
	{"payment.gift_cards_of", func(w *world) {
		good, bad := w.gift(5000), w.disabled()
		out := got(w.Payments.GiftCardsOf(w.inside(), payment.GiftCardsOfInput{IDs: []string{nobody, bad.ID, good.ID}, Currency: "USD"}))(w)
		reasons := []string{}
		for _, one := range out.Items {
			reasons = append(reasons, one.Reason)
		}
		if want := []string{payment.CardUnknown, payment.CardDisabled, ""}; !slices.Equal(reasons, want) {
			w.Errorf("reasons %q, want %q", reasons, want)
		}
	}},
	{"payment.open by gift card and payment.settle_gift_cards", func(w *world) {
		c := w.gift(5000)
		p := w.tendered(c)
		if p.Status != payment.StatusAuthorized {
			w.Errorf("the payment is %s, want authorized", p.Status)
		}
		for range 2 {
			out := got(w.Payments.SettleGiftCards(w.inside(), payment.SettleGiftCardsInput{IDs: []string{p.ID}}))(w)
			if len(out.Items) != 1 || out.Items[0].Captured != usd(2000) {
				w.Errorf("captured %+v, want 20.00", out.Items)
			}
		}
		w.fails(payment.ErrGiftCardUnusable)(w.Payments.Open(w.inside(), w.tendering(w.disabled())))
		w.fails(payment.ErrNotFound)(w.Payments.SettleGiftCards(w.inside(), payment.SettleGiftCardsInput{IDs: []string{nobody}}))
		w.fails(payment.ErrIllegal)(w.Payments.SettleGiftCards(w.inside(), payment.SettleGiftCardsInput{IDs: []string{w.owed(fakepay.Card, "").ID}}))
	}},
	{"cart.add_gift_card and cart.remove_gift_card", func(w *world) {
		add := func(id, last4 string, version int64) error {
			_, err := w.Carts.AddGiftCard(w.inside(), cart.AddGiftCardInput{ID: id, Version: version, GiftCardID: "gc_" + last4, Last4: last4})
			return err
		}
		remove := func(id, last4 string, version int64) error {
			_, err := w.Carts.RemoveGiftCard(w.inside(), cart.RemoveGiftCardInput{ID: id, Version: version, Last4: last4})
			return err
		}
		w.edit(func(id, _ string, version int64) error { return add(id, "AAAA", version) })
		_, full := w.filled()
		w.fails(cart.ErrGiftCardsFull)(nil, add(full.ID, "AAAA", 0))
		w.fails(cart.ErrNotFound)(nil, remove(nobody, "AAAA", 0))
		w.fails(cart.ErrClosed)(nil, remove(w.closed().ID, "AAAA", 0))
		w.fails(cart.ErrStale)(nil, remove(full.ID, "CAR0", full.Version+99))
		w.ok(nil, remove(full.ID, "CAR0", 0))
		w.fails(cart.ErrGiftCardNotFound)(nil, remove(full.ID, "CAR0", 0))
	}},
	{"storefront.add_gift_card", func(w *world) {
		good := w.gift(5000)
		w.shops(func(ctx context.Context, id, _ string, version int64) error {
			return w.accepts(ctx, id, good.Code, version)
		})
		ctx, full := w.filled()
		w.fails(cart.ErrGiftCardsFull)(nil, w.accepts(ctx, full.ID, good.Code, 0))
		ctx, c := w.bag()
		w.fails(payment.ErrGiftCardUnusable)(nil, w.accepts(ctx, c.ID, w.disabled().Code, 0))
		for range payment.GiftCardTriesPerMinute - 1 {
			w.fails(payment.ErrGiftCardNotFound)(nil, w.accepts(ctx, c.ID, "WRONG-CODE", 0))
		}
		w.fails(payment.ErrTooManyAttempts)(nil, w.accepts(ctx, c.ID, "WRONG-CODE", 0))
	}},
	{"storefront.remove_gift_card", func(w *world) {
		ctx, c := w.filled()
		remove := func(ctx context.Context, id, last4 string, version int64) error {
			_, err := w.Storefront.RemoveGiftCard(ctx, cart.RemoveGiftCardInput{ID: id, Last4: last4, Version: version})
			return err
		}
		w.fails(cart.ErrNotFound)(nil, remove(w.stranger(), c.ID, "CAR0", 0))
		w.fails(cart.ErrStale)(nil, remove(ctx, c.ID, "CAR0", c.Version+99))
		w.ok(nil, remove(ctx, c.ID, "CAR0", 0))
		w.fails(cart.ErrGiftCardNotFound)(nil, remove(ctx, c.ID, "CAR0", 0))
		ctx, gone := w.thrown()
		w.fails(cart.ErrClosed)(nil, remove(ctx, gone.ID, "CAR0", 0))
	}},
	{"checkout.complete with a gift card", func(w *world) {
		ctx, c := w.bag()
		gift := w.gift(400)
		w.ok(nil, w.accepts(ctx, c.ID, gift.Code, 0))
		w.ok(w.Payments.DisableGiftCard(w.Context(), payment.IDInput{ID: gift.ID}))
		in := completing(c, fakepay.Card, "")
		w.fails(payment.ErrGiftCardUnusable)(w.Checkout.Complete(ctx, in))
		w.ok(w.Payments.EnableGiftCard(w.Context(), payment.IDInput{ID: gift.ID}))
		if p := got(w.Checkout.Complete(ctx, in))(w); p.Totals.AmountDue != usd(600) || len(p.Payments) != 2 {
			w.Errorf("%d payments, %v due, want 2, 6.00", len(p.Payments), p.Totals.AmountDue)
		}
	}},
}
