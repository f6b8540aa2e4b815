package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// hasty tests what was in stock before the unit, and writes without a test.
type hasty struct {
	inventory.Store
	seen map[string]inventory.Level
}

func (h hasty) Stock(ctx context.Context, ids []string) ([]inventory.Level, error) {
	all, err := h.Store.Stock(ctx, ids)
	for i, l := range all {
		if was, ok := h.seen[l.VariantID]; ok && txn.Outside(ctx) != nil {
			all[i] = was
		} else {
			h.seen[l.VariantID] = l
		}
	}
	return all, err
}

func (h hasty) Shift(ctx context.Context, s inventory.Shift) (bool, error) {
	_, err := h.Store.Shift(ctx, s)
	return err == nil, err
}

// forgetful carts get a new checkout for each click, and can be closed twice.
type forgetful struct {
	cart.Service
	w *world
}

func (f forgetful) Cart(ctx context.Context, in cart.IDInput) (cart.Cart, error) {
	c, err := f.Service.Cart(ctx, in)
	f.w.ids++
	c.Attempt = int(f.w.ids)
	return c, err
}

func (f forgetful) Close(ctx context.Context, in cart.CloseInput) (cart.Cart, error) {
	c, err := f.Service.Cart(ctx, cart.IDInput{ID: in.ID})
	if err != nil || c.Status != cart.StatusOpen {
		return c, err
	}
	return f.Service.Close(ctx, in)
}

// newKey is a bank that is asked under another key each time.
type newKey struct {
	Bank
	w *world
}

func (b newKey) Start(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	b.w.ids++
	of.ID += fmt.Sprintf("#%d", b.w.ids)
	return b.Bank.Start(ctx, of)
}

// newRefund is a bank that is asked for refunds under another key each time.
type newRefund struct {
	Bank
	w *world
}

func (b newRefund) Refund(ctx context.Context, of payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	b.w.ids++
	r.ID += fmt.Sprintf("#%d", b.w.ids)
	return b.Bank.Refund(ctx, of, r)
}

// impatient takes silence for a refusal.
type impatient struct{ Bank }

func (b impatient) Refund(ctx context.Context, of payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	s, err := b.Bank.Refund(ctx, of, r)
	if err != nil {
		return payment.RefundSnapshot{Status: payment.RefundFailed, Amount: r.Amount, Failure: &payment.Failure{Code: "time_out"}}, nil
	}
	return s, err
}

// liar says that a payment is impossible before it is; later makes it so.
type liar struct {
	payment.Service
	w     *world
	later bool
}

func (l liar) Void(ctx context.Context, in payment.IDInput) (payment.Payment, error) {
	p, err := l.Service.Payment(ctx, in)
	if err != nil || p.Settled() || p.Over() {
		return p, err
	}
	if l.later {
		l.w.late = append(l.w.late, func() { _, _ = l.Service.Void(context.WithoutCancel(ctx), in) })
	}
	p.Status = payment.StatusCanceled
	return p, nil
}

// again applies what a payment has reached already, once for each notice.
type again2 struct{ payment.Store }

func (s again2) Payment(ctx context.Context, id string) (payment.Payment, error) {
	p, err := s.Store.Payment(ctx, id)
	if txn.Outside(ctx) != nil && p.Status == payment.StatusCaptured {
		p.Status, p.Captured.Minor = payment.StatusAuthorized, 0
	}
	return p, err
}

func (s again2) Append(ctx context.Context, l payment.Ledger) (bool, error) {
	l.Object += " " + l.ID
	return s.Store.Append(ctx, l)
}

// texts believes what a notice says, which is how the payment was then.
type texts struct {
	payment.Store
	w    *world
	said map[string]payment.Payment
}

func (s texts) Keep(ctx context.Context, r payment.Received) (bool, error) {
	if p, err := s.Store.Payment(ctx, r.PaymentID); err == nil {
		s.said[r.ID] = p
	}
	return s.Store.Keep(ctx, r)
}

func (s texts) SaveNotice(ctx context.Context, r payment.Received) error {
	if err := s.Store.SaveNotice(ctx, r); err != nil || r.State != payment.NoticeDone {
		return err
	}
	said, ok := s.said[r.ID]
	now, err := s.Store.Payment(ctx, r.PaymentID)
	if !ok || err != nil {
		return err
	}
	now.Status = said.Status
	return s.Store.Save(ctx, &now)
}

// overdraws tests what was left before the unit, and writes over what is there.
type overdraws struct {
	payment.Store
	seen map[string]payment.Payment
}

func (s overdraws) Payment(ctx context.Context, id string) (payment.Payment, error) {
	p, err := s.Store.Payment(ctx, id)
	if err != nil {
		return p, err
	}
	was, ok := s.seen[id]
	if !ok || txn.Outside(ctx) == nil || was.Captured != p.Captured || was.Status != p.Status {
		s.seen[id] = p
		return p, nil
	}
	p.Refunding, p.Refunded = was.Refunding, was.Refunded
	return p, nil
}

// admins give the money of a payment back, all of it, two at a time.
func admins(w *world) {
	for i := range 2 {
		w.person(fmt.Sprintf("admin %d", i+1), func() {
			for range 4 {
				w.sleep(w.between(time.Second, time.Minute))
				for id, p := range sorted(w.payments) {
					if p.Captured.Minor > p.Refunded.Minor+p.Refunding.Minor {
						w.giveBack(id, p)
					}
				}
			}
		})
	}
}

func (w *world) giveBack(id string, p payment.Payment) {
	in := payment.OpenRefundInput{ID: w.newID("ref"), PaymentID: id, Amount: p.Captured, Reason: "admin"}
	err := w.serve("admin refunds "+id, func(pr *process) error {
		if _, err := pr.payments.Payment(context.Background(), payment.IDInput{ID: id}); err != nil {
			return err
		}
		_, err := pr.payments.OpenRefund(ident.As(context.Background(), "admin"), in)
		return err
	})
	w.heard("admin", err)
}

// talker publishes beside the unit.
type talker struct {
	order.Store
	w *world
}

func (s talker) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.w.bus.Publish(context.Background(), evs...)
}

// holder asks the bank in a unit of work.
type holder struct {
	payment.Service
	w *world
}

func (h holder) Authorize(ctx context.Context, in payment.IDInput) (p payment.Payment, err error) {
	err = errors.Join(h.w.home.scope.Do(ctx, func(context.Context) error {
		p, err = h.Service.Authorize(ctx, in) // with the context around the unit
		return nil
	}), err)
	return p, err
}

// TestBreaks leaves out one guard at a time, and holds that the invariant that
// is named for it finds that out.
func TestBreaks(t *testing.T) {
	money := func(wrap func(w *world, s payment.Store) payment.Store) func(w *world, s commerce.Stores) commerce.Stores {
		return func(w *world, s commerce.Stores) commerce.Stores {
			s.Payments = wrap(w, s.Payments)
			return s
		}
	}
	for _, c := range []struct {
		name   string
		by     []string
		breaks breaks
	}{
		{"stock: test, then act", []string{"N3"}, breaks{stores: func(_ *world, s commerce.Stores) commerce.Stores {
			s.Inventory = hasty{s.Inventory, map[string]inventory.Level{}}
			return s
		}}},
		{"no unique checkout", []string{"N4"}, breaks{services: func(w *world, s *commerce.Shop) { s.Carts = forgetful{s.Carts, w} }}},
		{"promotion: read, then write", []string{"N11"}, breaks{stores: func(w *world, s commerce.Stores) commerce.Stores {
			s.Pricing = hopeful{s.Pricing, w, map[string]int64{}}
			return s
		}}},
		{"new key per retry of create", []string{"N7"}, breaks{bank: func(w *world, b Bank) payment.Provider { return newKey{b, w} }}},
		{"release first, then cancel the intent", []string{"N10"}, breaks{services: func(w *world, s *commerce.Shop) { s.Payments = liar{s.Payments, w, true} }}},
		{"expire by the clock only", []string{"N10", "R1"}, breaks{services: func(w *world, s *commerce.Shop) { s.Payments = liar{s.Payments, w, false} }}},
		{"notices without dedupe", []string{"N8"}, breaks{stores: money(func(_ *world, s payment.Store) payment.Store { return again2{s} })}},
		{"the text of a notice overwrites the state", []string{"N9"}, breaks{stores: money(func(w *world, s payment.Store) payment.Store {
			return texts{s, w, map[string]payment.Payment{}}
		})}},
		{"refund: test, then act", []string{"N6"}, breaks{people: admins, stores: money(func(_ *world, s payment.Store) payment.Store {
			return overdraws{s, map[string]payment.Payment{}}
		})}},
		{"new key per retry of a refund", []string{"R2"}, breaks{bank: func(w *world, b Bank) payment.Provider { return newRefund{b, w} }}},
		{"time-out counts as a failed refund", []string{"R2"}, breaks{bank: func(_ *world, b Bank) payment.Provider { return impatient{b} }}},
		{"publish after commit", []string{"N12"}, breaks{stores: func(w *world, s commerce.Stores) commerce.Stores {
			s.Orders = talker{s.Orders, w}
			return s
		}}},
		{"consumer without inbox", []string{"N13"}, breaks{noInbox: true}},
		{"gift card: test, then act", []string{"N6"}, breaks{stores: money(func(_ *world, s payment.Store) payment.Store {
			return spends{s, map[string]payment.GiftCard{}}
		})}},
		{"refunds beside disputes", []string{"N6"}, breaks{services: func(_ *world, s *commerce.Shop) { s.Payments = careless{s.Payments} }}},
		{"comparison without a second look", []string{"R2"}, breaks{bank: func(_ *world, b Bank) payment.Provider { return embezzler{b} }}},
		{"listing deaf to stock", []string{"R5"}, breaks{deaf: true}},
		{"keys that forget", []string{"N14"}, breaks{keys: func(s idem.Store) idem.Store { return amnesiac{s} }}},
		{"secrets are kept", []string{"N16"}, breaks{stores: func(_ *world, s commerce.Stores) commerce.Stores {
			s.Payments = chatty{s.Payments}
			return s
		}}},
		{"long unit of work", []string{"N17"}, breaks{services: func(w *world, s *commerce.Shop) { s.Payments = sleeper{s.Payments, w} }}},
		{"call in a unit of work", []string{"N17"}, breaks{services: func(w *world, s *commerce.Shop) { s.Payments = holder{s.Payments, w} }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const most = 500
			others := map[string]int{}
			for w, err := range schedules(t.Context(), Options{Seed: 1, Schedules: most, breaks: c.breaks}) {
				switch {
				case err != nil:
					t.Fatal(err)
				case w.violation == nil:
				case slices.Contains(c.by, w.violation.Invariant):
					t.Logf("schedule %d: %s: %s (others: %v)", w.seed, w.violation.Invariant, w.violation.Text, others)
					return
				default:
					others[w.violation.Invariant]++
				}
			}
			t.Errorf("%d schedules do not show it: %v, want %v", most, others, c.by)
		})
	}
}
