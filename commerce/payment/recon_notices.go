package payment

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// noticePlace is where a page of notices ends.
type noticePlace struct {
	At       time.Time `json:"at"`
	Provider string    `json:"p"`
	ID       string    `json:"id"`
}

func placeOf(r Received) any { return noticePlace{r.ReceivedAt, r.Provider, r.ID} }

// passes reports whether r comes after p in a list, the latest first.
func (p noticePlace) passes(r Received) bool {
	return cmp.Or(p.At.Compare(r.ReceivedAt), cmp.Compare(r.Provider, p.Provider), cmp.Compare(r.ID, p.ID)) > 0
}

// Notices returns a page of the notices that were kept, the latest first.
func (e *Engine) Notices(ctx context.Context, in NoticesInput) (page.Page[Received], error) {
	if err := OpNotices.Admit(ctx, in); err != nil {
		return page.Page[Received]{}, err
	}
	if in.OrderID != "" {
		return e.noticesOf(ctx, in)
	}
	at := noticePlace{At: e.now().Add(firstLook)}
	if _, err := page.Decode(in.Cursor, &at); err != nil {
		return page.Page[Received]{}, err
	}
	// Notices of one moment can go on from page to page.
	for most := in.Size() + 1; ; most *= 2 {
		all, err := e.store.Notices(ctx, in.State, at.At.Add(time.Microsecond), most)
		if err != nil {
			return page.Page[Received]{}, err
		}
		rest := all
		for len(rest) > 0 && !at.passes(rest[0]) {
			rest = rest[1:]
		}
		if len(rest) > in.Size() || len(all) < most {
			return page.Of(rest[:min(len(rest), in.Size()+1)], in.Size(), placeOf), nil
		}
	}
}

// noticesOf returns the latest notices about the payments of one order.
func (e *Engine) noticesOf(ctx context.Context, in NoticesInput) (page.Page[Received], error) {
	payments, err := e.store.OfOrders(ctx, []string{in.OrderID})
	if err != nil {
		return page.Page[Received]{}, err
	}
	const most = 1000
	all, err := e.store.NoticesAbout(ctx, payments, most)
	if err != nil {
		return page.Page[Received]{}, err
	}
	all = slices.DeleteFunc(all, func(r Received) bool { return in.State != "" && r.State != in.State })
	return page.Of(all[:min(len(all), in.Size())], in.Size(), placeOf), nil
}

// ReplayNotice does what a notice is about once more, whatever became of it, and
// returns it as it is then: open, with its Error, when it will be tried again. It
// returns ErrNoticeNotFound.
func (e *Engine) ReplayNotice(ctx context.Context, in ReplayNoticeInput) (Received, error) {
	if err := OpReplayNotice.Admit(ctx, in); err != nil {
		return Received{}, err
	}
	if err := txn.Outside(ctx); err != nil {
		return Received{}, err
	}
	due := e.now().Add(atIt)
	if err := e.store.ReopenNotice(ctx, in.Provider, in.ID, due); err != nil {
		return Received{}, err
	}
	r, err := e.store.Notice(ctx, in.Provider, in.ID)
	if err != nil {
		return Received{}, err
	}
	e.opts.Log.InfoContext(ctx, "payment: a notice is replayed", "provider", in.Provider, "event", in.ID, "by", ident.From(ctx).Origin().String())
	if err := e.attempt(ident.As(ctx, "payment"), r); err != nil {
		return Received{}, err
	}
	return e.store.Notice(ctx, in.Provider, in.ID)
}
