package payment

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// account names what both books have: the movements of one object.
type account struct{ kind, object string }

func (a account) String() string { return a.kind + " " + a.object }

// ordered returns the accounts of m, always in the same order.
func ordered[V any](m map[account]V) []account {
	return slices.SortedFunc(maps.Keys(m), func(a, b account) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.object, b.object)) })
}

// accountOf returns the account of a break.
func accountOf(b Break) account {
	kind, object, _ := strings.Cut(b.Object, " ")
	return account{kind, object}
}

// account returns where l is added up, false for a line that moves no money. The
// part of a refund that is a favor goes back with the rest.
func (l Ledger) account() (account, bool) {
	object, _, _ := strings.Cut(l.Object, "#")
	switch l.Kind {
	case LineCaptured, LineRefunded, LineRefundFailed, LineDisputed, LineDisputeWon:
		return account{l.Kind, object}, true
	case LineGoodwill:
		return account{LineRefunded, object}, true
	default:
		return account{}, false
	}
}

// sums are amounts by currency.
type sums map[money.Currency]int64

func (s sums) add(a money.Amount) { s[a.Currency] += a.Minor }

// String is what people are shown, "" for nothing. Equal sums have equal texts.
func (s sums) String() string {
	var all []string
	for _, c := range slices.Sorted(maps.Keys(s)) {
		if s[c] != 0 {
			all = append(all, money.New(s[c], c).String())
		}
	}
	return strings.Join(all, ", ")
}

// heard is what a provider tells of one account.
type heard struct {
	sums
	moves []Movement
}

// listed asks a provider for its movements in a time.
func listed(ctx context.Context, b Books, from, to time.Time) (map[account]heard, error) {
	all := map[account]heard{}
	for m, err := range b.Movements(ctx, from, to) {
		if err != nil {
			return nil, ErrUnanswered.Because(err)
		}
		object, _, _ := strings.Cut(m.Object, "#")
		at := account{m.Kind, object}
		t, ok := all[at]
		if !ok {
			t.sums = sums{}
		}
		t.add(m.Amount)
		t.moves = append(t.moves, m)
		all[at] = t
	}
	return all, nil
}

// book is a part of the ledger: that of some orders with one provider.
type book struct {
	sums     map[account]sums
	payments map[account]Payment
	fees     map[string]bool // objects of the fees that are known
}

// ledgerOf reads what the ledger has of some orders with a provider.
func (e *Engine) ledgerOf(ctx context.Context, provider string, orders map[string]bool) (book, error) {
	out := book{map[account]sums{}, map[account]Payment{}, map[string]bool{}}
	const at = 500
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(orders)), at) {
		payments, err := e.store.OfOrders(ctx, ids)
		if err != nil {
			return out, err
		}
		theirs := map[string]Payment{}
		for _, p := range payments {
			if p.Provider == provider {
				theirs[p.ID] = p
			}
		}
		lines, err := e.store.Ledger(ctx, ids)
		if err != nil {
			return out, err
		}
		for _, l := range lines {
			if p, ok := theirs[l.PaymentID]; ok {
				out.add(l, p)
			}
		}
	}
	return out, nil
}

func (b book) add(l Ledger, p Payment) {
	if l.Kind == LineFee {
		b.fees[l.Object] = true
	}
	at, ok := l.account()
	if !ok {
		return
	}
	if b.sums[at] == nil {
		b.sums[at] = sums{}
	}
	b.sums[at].add(l.Amount)
	b.payments[at] = p
}

// eachPage walks the ledger in a time, a page at once.
func (e *Engine) eachPage(ctx context.Context, from, to time.Time, do func([]Ledger) error) error {
	const at = 500
	for after := (Ledger{}); ; {
		lines, err := e.store.LedgerBetween(ctx, from, to, after, at)
		if err != nil {
			return err
		}
		if err := do(lines); err != nil {
			return err
		}
		if len(lines) < at {
			return nil
		}
		after = lines[at-1]
	}
}

// moved returns the payment of a movement, ErrNotFound for none of this shop.
func (e *Engine) moved(ctx context.Context, provider string, m Movement) (Payment, error) {
	if m.PaymentID != "" {
		p, err := e.store.Payment(ctx, m.PaymentID)
		if err == nil && p.Provider == provider || err != nil && !errors.Is(err, ErrNotFound) {
			return p, err
		}
	}
	if m.ProviderID == "" {
		return Payment{}, ErrNotFound
	}
	return e.store.OfProvider(ctx, provider, m.ProviderID)
}
