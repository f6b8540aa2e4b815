package explain

import (
	"context"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// most is how many things of one sort are told at once.
const most = 100

func (t *telling) orders() payment.OrdersInput {
	return payment.OrdersInput{OrderIDs: []string{t.order.ID}}
}

func (t *telling) history(ctx context.Context) error {
	all, err := t.Orders.Timeline(ctx, order.IDInput{ID: t.order.ID})
	for _, e := range all.Items {
		kind := e.Kind
		if kind == "status" {
			kind = ""
		}
		t.add(e.At, KindOrder, t.order.ID, e.Actor, kind, arrow(e.From, e.To), e.Text)
	}
	return err
}

func (t *telling) payments(ctx context.Context) error {
	all, err := t.Payments.Payments(ctx, t.orders())
	t.paid = all.Items
	for _, p := range all.Items {
		by := p.Method
		if p.GiftCardID != "" {
			by = "gift card " + p.GiftCardID
		}
		t.add(p.CreatedAt, KindPayment, p.ID, "", "opened:", p.Amount.String(), "by", by)
		t.add(p.SentAt, KindPayment, p.ID, "", p.Provider, fmt.Sprintf("is asked, so far %s", times(p.SendCount)))
		why := ""
		if p.Failure != nil {
			why = fmt.Sprintf("(%s: %s)", p.Failure.Code, p.Failure.Message)
		}
		t.add(p.UpdatedAt, KindPayment, p.ID, "", "now", string(p.Status), p.ProviderID, why)
		if !p.CaptureBefore.IsZero() {
			t.add(p.CaptureBefore, KindPayment, p.ID, "", "the authorization lapses")
		}
	}
	return err
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (t *telling) ledger(ctx context.Context) error {
	all, err := t.Payments.Ledger(ctx, t.orders())
	for _, l := range all.Items {
		t.add(l.At, KindMoney, l.PaymentID, l.Actor, l.Kind, l.Amount.String(), l.Object, l.Reference)
	}
	return err
}

func (t *telling) refunds(ctx context.Context) error {
	all, err := t.Payments.Refunds(ctx, t.orders())
	t.back = all.Items
	for _, r := range all.Items {
		opened := "opened:"
		if r.Abroad {
			opened = "made at " + r.Provider + ":"
		}
		t.add(r.CreatedAt, KindRefund, r.ID, r.Actor, opened, r.Amount.String(), "of", r.PaymentID, r.Reason)
		t.add(r.SentAt, KindRefund, r.ID, "", r.Provider, fmt.Sprintf("is asked, so far %s", times(r.SendCount)))
		why := ""
		if r.Failure != nil {
			why = fmt.Sprintf("(%s: %s)", r.Failure.Code, r.Failure.Message)
		}
		t.add(r.UpdatedAt, KindRefund, r.ID, "", "now", string(r.Status), r.ProviderID, why)
	}
	return err
}

func (t *telling) webhooks(ctx context.Context) error {
	all, err := t.Payments.Notices(ctx, payment.NoticesInput{Query: page.Query{Limit: most}, OrderID: t.order.ID})
	for _, r := range all.Items {
		why := r.Error
		if why != "" {
			why = "(" + why + ")"
		}
		t.add(r.ReceivedAt, KindWebhook, r.ID, "", r.Provider, r.Type+":", string(r.State), why)
	}
	return err
}

func (t *telling) breaks(ctx context.Context) error {
	all, err := t.Payments.Breaks(ctx, payment.BreaksInput{Query: page.Query{Limit: most}, OrderID: t.order.ID})
	for _, b := range all.Items {
		t.add(b.FirstSeen, KindBreak, b.ID, "", b.Kind, b.Object+":", "ours", some(b.Ours)+",", b.Provider, some(b.Theirs))
		switch {
		case b.State == payment.BreakResolved:
			t.add(b.LastSeen, KindBreak, b.ID, b.Actor, "seen last, resolved since:", b.Note)
		case b.LastSeen.After(b.FirstSeen):
			t.add(b.LastSeen, KindBreak, b.ID, "", "seen last, still open")
		}
	}
	return err
}

// some returns text, or what stands for nothing.
func some(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func (t *telling) reservations(ctx context.Context) error {
	all, err := t.Stock.Reservations(ctx, inventory.OrderInput{OrderID: t.order.ID})
	t.out.Reservations = append(t.out.Reservations, all.Items...)
	return err
}

// stock tells what left the shelf with parcels, and what came back with refunds.
func (t *telling) stock(ctx context.Context) error {
	var causes []string
	for _, f := range t.order.Fulfillments {
		causes = append(causes, f.ID)
	}
	for _, r := range t.back {
		causes = append(causes, r.ID)
	}
	for _, id := range append(causes, t.order.ID) {
		all, err := t.Stock.Movements(ctx, inventory.MovementsInput{Query: page.Query{Limit: most}, CauseID: id})
		if err != nil {
			return err
		}
		for _, m := range all.Items {
			t.add(m.At, KindStock, id, m.Actor, m.Reason, fmt.Sprintf("%+d", m.Delta), "of", t.titled(m.VariantID), "at", m.LocationID)
		}
	}
	return nil
}

// titled names a variant as the order does.
func (t *telling) titled(variantID string) string {
	for _, it := range t.order.Items {
		if it.VariantID == variantID && it.SKU != nil {
			return *it.SKU
		}
	}
	return variantID
}

// events tells what was announced of the order, its cart and its payments.
func (t *telling) events(ctx context.Context) error {
	in := outbox.EventsInput{Keys: []string{t.order.ID}}
	if t.order.CartID != "" {
		in.Keys = append(in.Keys, t.order.CartID)
	}
	const keys = 50
	for _, p := range t.paid[:min(len(t.paid), keys-len(in.Keys))] {
		in.Keys = append(in.Keys, p.ID)
	}
	all, err := t.Outbox.Events(ctx, in)
	names := map[string]string{}
	for _, s := range all.Items {
		names[s.Event.ID] = s.Event.Name
		state := "waits to be published"
		if s.Published != nil {
			state = "published after " + s.Published.Sub(s.Event.At).Round(time.Millisecond).String()
		}
		t.add(s.Event.At, KindEvent, s.Event.ID, "", s.Event.Name+",", state)
	}
	for _, d := range all.Deliveries {
		why := ""
		if d.Error != "" {
			why = fmt.Sprintf("after %s (%s)", times(d.Tries), d.Error)
		}
		t.add(d.At, KindDelivery, d.EventID, "", d.Consumer+":", names[d.EventID], string(d.State), why)
	}
	return err
}
