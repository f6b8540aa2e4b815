package simulate

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// tale is what becomes of one cart. Nobody else wants its goods or its gift card,
// so that how it ends does not hang on who comes first.
type tale struct {
	lines  []line
	method string
	asks   string  // what the bank does, see fakepay.Asking
	card   int64   // what is on its gift card, 0 for none
	deeds  []deed  // once it is an order
	refund []int64 // favors that go back, one after the other
}

type line struct{ goods, quantity int }

type deed string

// The deeds.
const (
	abandons deed = "abandons" // and the order expires
	cancels  deed = "cancels"
	captures deed = "captures"
	ships    deed = "ships"
	refunds  deed = "refunds"
	returns  deed = "returns" // everything
	contests deed = "contests, and loses"
	wins     deed = "contests, and wins"
)

// talesOf returns the tales of a seed.
func talesOf(seed uint64) (all []tale) {
	rng := rand.New(rand.NewPCG(seed, 7))
	for range 2 + rng.IntN(2) {
		t := tale{method: []string{fakepay.Card, fakepay.Card, fakepay.Manual, fakepay.Multi, offlinepay.CashOnDelivery, offlinepay.BankTransfer}[rng.IntN(6)]}
		for _, g := range rng.Perm(3)[:1+rng.IntN(3)] {
			t.lines = append(t.lines, line{g, 1 + rng.IntN(2)})
		}
		if rng.IntN(2) == 0 {
			t.card = 300 + rng.Int64N(9000)
		}
		atBank := t.method == fakepay.Card || t.method == fakepay.Manual || t.method == fakepay.Multi
		if atBank {
			t.asks = []string{"", "", "ask_shopper", "process", "decline"}[rng.IntN(5)]
		}
		switch n := rng.IntN(10); {
		case n == 0 && t.asks == "ask_shopper" || n == 1 && t.method == offlinepay.BankTransfer:
			t.deeds = []deed{abandons}
		case n < 3:
			t.deeds = []deed{cancels}
		default:
			t.deeds = []deed{captures}
			if rng.IntN(2) == 0 {
				t.refund = []int64{100 + rng.Int64N(300)}
				t.deeds = append(t.deeds, refunds)
			}
			if rng.IntN(3) > 0 {
				t.deeds = append(t.deeds, ships)
			}
			if rng.IntN(4) == 0 {
				t.deeds = append(t.deeds, returns)
			}
			if atBank && rng.IntN(3) == 0 {
				t.deeds = append(t.deeds, []deed{contests, wins}[rng.IntN(2)])
			}
		}
		all = append(all, t)
	}
	return all
}

// told returns the plot of tales, in a certain order or any.
func told(tales []tale, inOrder bool, end func(w *world)) *plot {
	return &plot{
		inOrder: inOrder, end: end,
		setUp: func(ctx context.Context, w *world, p *process) error {
			for _, price := range []int64{1999, 3333, 450} {
				if err := w.sell(ctx, p, price, 100); err != nil {
					return err
				}
			}
			for i, t := range tales {
				if err := t.begin(ctx, w, p, i); err != nil {
					return err
				}
			}
			return nil
		},
		people: func(w *world) {
			w.spawn("sweeper", nil, func() { w.every(30*time.Second, time.Minute, func() { w.job("checkout.sweep") }) })
			for i, t := range tales {
				w.person(fmt.Sprintf("shopper %d", i+1), func() { (&shopper{w: w, tale: t, b: w.carts[i]}).tell() })
			}
		},
	}
}

// begin makes the cart of a tale.
func (t tale) begin(ctx context.Context, w *world, p *process, i int) error {
	b := &basket{who: ident.Actor{Kind: ident.Customer, ID: fmt.Sprintf("cus_%d", i)}, method: t.method}
	in := cart.CreateInput{Market: pricing.DefaultMarket, Currency: "USD", Country: "DE", Email: fmt.Sprintf("buyer%d@example.com", i)}
	for _, l := range t.lines {
		in.Items = append(in.Items, cart.AddItem{VariantID: w.goods[l.goods].variant, Quantity: int64(l.quantity)})
	}
	if err := w.fill(ctx, p, b, in); err != nil {
		return err
	}
	w.carts = append(w.carts, b)
	if t.card == 0 {
		return nil
	}
	code := fmt.Sprintf("%s%06d", codeMark, i)
	c, err := p.shop.Payments.CreateGiftCard(ctx, payment.CreateGiftCardInput{Amount: money.New(t.card, "USD"), Code: code})
	if err != nil {
		return err
	}
	w.cards = append(w.cards, giftCard{c.ID, code})
	_, err = p.flows.Storefront.AddGiftCard(ident.With(ctx, b.who), storefront.AddGiftCardInput{ID: b.id, Code: code})
	return err
}

// shopper tells one tale: it does not stop before what is done is seen.
type shopper struct {
	w *world
	tale
	b *basket
	o order.Order
}

// insist asks for something under one key until it is done.
func (t *shopper) insist(what string, who ident.Actor, fn func(ctx context.Context, p *process) error) {
	const most = 150
	if err := t.try(most, what, who, fn); err != nil {
		t.w.violate("story", "%s of %s is never done: %v", what, t.b.id, err)
	}
}

// patient is how often something is asked for that may be refused for ever under
// one key: because it was undone, or is done.
const patient = 20

// try asks for something under one key until it is done, so often at most.
func (t *shopper) try(most int, what string, who ident.Actor, fn func(ctx context.Context, p *process) error) (err error) {
	w, key := t.w, t.w.newID("key")
	for range most {
		err = w.serve(what+" "+t.b.id, func(p *process) error { return fn(ident.WithKey(ident.With(context.Background(), who), key), p) })
		if w.heard(what, err); err == nil {
			return nil
		}
		w.sleep(w.between(time.Second, 10*time.Second))
	}
	return err
}

// see waits until the order is so.
func (t *shopper) see(what string, so func(o order.Order) bool) {
	const most = 200
	for range most {
		if o := t.w.refresh(t.b, t.o); o.ID != "" {
			t.o = o
			if so(o) {
				return
			}
		}
		t.w.sleep(t.w.between(time.Second, 10*time.Second))
	}
	t.w.violate("story", "nobody sees %s: order %s is %s and %s, %v captured, %v refunded", what, t.o.ID, t.o.Status, t.o.PaymentStatus, t.o.Balance.Captured, t.o.Balance.Refunded)
}

func (t *shopper) tell() {
	t.w.sleep(t.w.between(0, 5*time.Second))
	t.complete()
	if t.deeds[0] == abandons {
		return
	}
	t.settle()
	for _, d := range t.deeds {
		t.do(d)
	}
}

func (t *shopper) complete() {
	t.insist("complete", t.b.who, func(ctx context.Context, p *process) error {
		c, err := p.flows.Storefront.Cart(ctx, cart.IDInput{ID: t.b.id})
		if err != nil {
			return err
		}
		means := checkout.Means{Method: t.method, ReturnURL: "https://shop.example/?" + fakepay.Asking + "=" + t.asks}
		placed, err := command(ctx, p, checkout.OpComplete, p.flows.Checkout.Complete, checkout.CompleteInput{ID: t.b.id, ExpectedTotal: total(c), Payment: means})
		t.o = placed.Order
		return err
	})
}

// settle pays, if that is to be done by the shopper.
func (t *shopper) settle() {
	if t.o.Status != order.StatusPending || t.method == offlinepay.BankTransfer {
		return
	}
	switch t.asks {
	case "ask_shopper", "process":
		t.see("the bank", func(o order.Order) bool {
			return o.Status != order.StatusPending || o.Payment.Status == "open" || o.Payment.Status == "processing"
		})
		t.w.step("bank.confirm")
		_, _ = t.w.bank.Confirm(t.o.Payment.ID, fakepay.Approve)
		t.w.audit()
	case "decline":
		t.see("the refusal", func(o order.Order) bool { return o.Status != order.StatusPending || o.Payment.Failure != nil })
		_ = t.try(3*patient, "pay", t.b.who, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, checkout.OpPay, p.flows.Checkout.Pay, checkout.PayInput{ID: t.o.ID, Means: checkout.Means{Method: fakepay.Card}})
			return err
		})
	}
	t.see("the confirmation", func(o order.Order) bool { return o.Status == order.StatusConfirmed })
}

var clerk = ident.Actor{Kind: ident.Staff, ID: "usr_staff", Scopes: []string{"*"}}

func (t *shopper) do(d deed) {
	switch d {
	case cancels:
		t.see("the gift card", func(o order.Order) bool { return o.Status != order.StatusConfirmed || cardPays(o) })
		t.insist("cancel", t.b.who, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, checkout.OpCancel, p.flows.Checkout.Cancel, checkout.CancelInput{ID: t.o.ID})
			return err
		})
	case captures:
		t.capture()
	case ships:
		t.ship()
	case refunds:
		for _, favor := range t.refund {
			t.giveBack(&favor)
		}
	case returns:
		t.giveBack(nil)
	case contests, wins:
		t.contest(d == wins)
	}
}

// capture takes the money, where it is not taken already; of Multi in two parts.
func (t *shopper) capture() {
	if p := t.o.Payment; p.Method != payment.MethodGiftCard && (p.Status == "authorized" || p.Status == "open") {
		parts := []*money.Amount{nil}
		if p.Method == fakepay.Multi {
			parts = append([]*money.Amount{new(money.New(p.Amount.Minor/2, "USD"))}, parts...)
		}
		for _, part := range parts {
			t.insist("capture", clerk, func(ctx context.Context, pr *process) error {
				_, err := command(ctx, pr, checkout.OpCapture, pr.flows.Checkout.Capture, payment.CaptureInput{ID: p.ID, Amount: part})
				return err
			})
		}
	}
	t.see("the money", func(o order.Order) bool {
		return o.Status == order.StatusConfirmed && o.Balance.Captured == o.Totals.Total
	})
}

// cardPays reports whether gift cards have paid what they are to pay.
func cardPays(o order.Order) bool {
	paid := int64(0)
	for _, p := range o.Payments {
		if p.Method == payment.MethodGiftCard {
			paid += p.Captured.Minor
		}
	}
	return paid == o.Totals.GiftCards.Minor
}

// giveBack gives a favor back, or everything.
func (t *shopper) giveBack(favor *int64) {
	in := checkout.RefundInput{RefundInput: order.RefundInput{ID: t.o.ID, Reason: askedFor}}
	back := t.o.Balance.Captured.Minor
	if favor != nil {
		in.Goodwill, back = new(money.New(*favor, "USD")), t.o.Balance.Refunded.Minor+*favor
	}
	give := func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, checkout.OpRefund, p.flows.Checkout.Refund, in)
		return err
	}
	if t.try(3*patient, "refund", clerk, give) != nil { // by then it was undone: it may not come late
		t.insist("refund anew", clerk, give)
	}
	t.see("the refund", func(o order.Order) bool { return o.Balance.Refunded.Minor == back })
}

// ship has everything leave and arrive. A parcel whose leaving was undone cannot
// leave any more: another one is planned.
func (t *shopper) ship() {
	for {
		id := t.w.newID("ful")
		t.insist("plan", clerk, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, fulfil.OpCreate, p.flows.Fulfil.Create, order.CreateFulfillmentInput{ID: t.o.ID, FulfillmentID: id})
			return err
		})
		err := t.try(patient, "ship", clerk, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, fulfil.OpShip, p.flows.Fulfil.Ship, fulfil.ShipInput{ID: id})
			return err
		})
		if err == nil {
			t.insist("deliver", clerk, func(ctx context.Context, p *process) error {
				_, err := command(ctx, p, fulfil.OpDeliver, p.flows.Fulfil.Deliver, order.DeliverFulfillmentInput{FulfillmentID: id})
				return err
			})
			return
		}
		t.insist("give up a parcel", clerk, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, fulfil.OpCancel, p.flows.Fulfil.Cancel, order.CancelFulfillmentInput{FulfillmentID: id})
			return err
		})
	}
}

// contest has the shopper contest what the bank has taken, and win or lose.
func (t *shopper) contest(won bool) {
	bank := t.w.bank.(court)
	for _, in := range sorted(t.w.intents) {
		if in.OrderID != t.o.ID || in.Captured.Minor == 0 {
			continue
		}
		t.w.step("bank.dispute")
		id, _ := bank.Dispute(in.PaymentID, in.Captured, "fraudulent")
		t.w.audit()
		t.see("the dispute", func(o order.Order) bool { return o.PaymentStatus == order.PayDisputed })
		to := payment.DisputeLost
		if won {
			to = payment.DisputeWon
		}
		t.w.step("bank.judge")
		_, _ = bank.CloseDispute(id, to)
		t.w.audit()
		return
	}
}

// digest is what a story has come to, of all that matters.
func digest(w *world, tales []tale) string {
	var b strings.Builder
	ctx := context.Background()
	for i := range tales {
		fmt.Fprintf(&b, "cart %d: %s\n", i+1, w.orderOf(w.carts[i].id))
	}
	levels, _ := w.dbOf("inventory").Stores.Inventory.Levels(ctx, everyLevel)
	for _, g := range w.goods {
		for _, l := range levels {
			if l.VariantID == g.variant {
				fmt.Fprintf(&b, "stock: %d on hand, %d reserved\n", l.OnHand, l.Reserved)
			}
		}
	}
	cards, _ := w.dbOf("payment").Stores.Payments.GiftCards(ctx, "", all)
	for _, c := range cards {
		fmt.Fprintf(&b, "gift card: %v left\n", c.Balance)
	}
	return b.String()
}

// orderOf says how the order of a cart stands, the last one.
func (w *world) orderOf(cartID string) string {
	var last order.Row
	for _, r := range sorted(w.orders) {
		if cartOf(r.CheckoutID) == cartID {
			last = r
		}
	}
	if last.ID == "" {
		return "no order"
	}
	o := w.read(last)
	var lines []string
	for _, it := range o.Items {
		lines = append(lines, fmt.Sprintf("%d for %v, %d delivered, %d refunded", it.Quantity, it.Total, it.Quantities.Delivered, it.Quantities.Refunded))
	}
	slices.Sort(lines)
	moved, bank := map[string]int64{}, [2]int64{}
	for _, l := range w.ledger {
		kind := l.Kind
		if kind == payment.LineGoodwill {
			kind = payment.LineRefunded
		}
		if l.OrderID == o.ID && kind != payment.LineAuthorized && kind != payment.LineCanceled {
			moved[kind] += l.Amount.Minor
		}
	}
	for _, in := range w.intents {
		if in.OrderID == o.ID {
			bank[0] += in.Captured.Minor
			for _, r := range in.Refunds {
				bank[1] += r.Amount.Minor
			}
		}
	}
	var ledger []string
	for _, kind := range slices.Sorted(maps.Keys(moved)) {
		ledger = append(ledger, fmt.Sprintf("%s %d", kind, moved[kind]))
	}
	return fmt.Sprintf("%s, %s, %s; total %v, tax %v, %v by gift card; %v captured, %v refunded, %v due; %s; ledger: %s; at the bank: %d taken, %d back",
		o.Status, o.PaymentStatus, o.FulfillmentStatus, o.Totals.Total, o.Totals.Tax, o.Totals.GiftCards, o.Balance.Captured, o.Balance.Refunded, o.Balance.Due,
		strings.Join(lines, ", "), strings.Join(ledger, ", "), bank[0], bank[1])
}
