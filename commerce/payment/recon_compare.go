package payment

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

const (
	// again is how much of what was compared is compared again.
	again = 24 * time.Hour
	// wide is how far back, at most, the movement of a line is looked for that is
	// not where it was expected: news of it may have come late.
	wide = 35 * 24 * time.Hour
)

// between are the kinds of breaks that come of comparing movements with lines.
var between = []string{BreakMissing, BreakUnknown, BreakAmount, BreakStranger}

// compare compares with every provider, then payments with their lines, then
// looks for what is stuck.
func (r *run) compare(ctx context.Context) error {
	unanswered := r.each(ctx, func(b Books, of *ProviderBooks) error { return r.compareWith(ctx, b, of) })
	if unanswered != nil && !errors.Is(unanswered, ErrUnanswered) {
		return unanswered
	}
	if err := r.checkSums(ctx); err != nil {
		return err
	}
	if err := r.checkStuck(ctx); err != nil {
		return err
	}
	return unanswered
}

// window returns what a look under a mark begins with.
func (r *run) window(ctx context.Context, mark string) (from time.Time, err error) {
	last, err := r.store.Watermark(ctx, mark)
	if last.IsZero() {
		last = r.now().Add(-firstLook)
	}
	return last.Add(-again), err
}

func (r *run) compareWith(ctx context.Context, b Books, of *ProviderBooks) error {
	mark := "movements." + b.Name()
	from, err := r.window(ctx, mark)
	if err != nil {
		return err
	}
	to := r.now().Add(-overlap)
	theirs, err := listed(ctx, b, from, to)
	if err != nil {
		return err
	}
	c := &comparison{run: r, books: b, of: of, from: from, to: to, theirs: theirs, orders: map[string]bool{}}
	if err := c.read(ctx); err != nil {
		return err
	}
	if err := c.addFees(ctx); err != nil {
		return err
	}
	suspects := c.suspects()
	for _, b := range c.open {
		suspects[accountOf(b)] = true
	}
	if len(suspects) > 0 {
		if err := c.lookCloser(ctx, suspects); err != nil {
			return err
		}
	}
	return r.store.SetWatermark(ctx, mark, to)
}

// comparison is that of the ledger with the books of one provider.
type comparison struct {
	*run
	books    Books
	of       *ProviderBooks
	from, to time.Time

	theirs map[account]heard
	orders map[string]bool // that any of it is about
	ours   book
	recent map[account]bool // accounts with lines in the time that is compared
	open   []Break
}

// read reads what the ledger has of what the provider has told, and of the time
// that is compared.
func (c *comparison) read(ctx context.Context) error {
	open, err := c.openBreaks(ctx, between...)
	if err != nil {
		return err
	}
	objects := map[string]bool{}
	for _, b := range open {
		if b.Provider == c.books.Name() {
			c.open = append(c.open, b)
			objects[accountOf(b).object] = true
		}
	}
	for at, t := range c.theirs {
		c.of.Movements += int64(len(t.moves))
		objects[at.object] = true
	}
	if err := c.ordersOf(ctx, objects); err != nil {
		return err
	}
	c.recent = map[account]bool{}
	err = c.eachPage(ctx, c.from, c.to, func(lines []Ledger) error {
		for _, l := range lines {
			if at, ok := l.account(); ok {
				c.orders[l.OrderID], c.recent[at] = true, true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.ours, err = c.ledgerOf(ctx, c.books.Name(), c.orders)
	return err
}

// ordersOf notes the orders of the lines with these objects.
func (c *comparison) ordersOf(ctx context.Context, objects map[string]bool) error {
	const many = 500
	for some := range slices.Chunk(slices.Sorted(maps.Keys(objects)), many) {
		lines, err := c.store.LinesOf(ctx, some)
		if err != nil {
			return err
		}
		for _, l := range lines {
			c.orders[l.OrderID] = true
		}
	}
	return nil
}

// suspects returns the accounts that differ.
func (c *comparison) suspects() map[account]bool {
	out := map[account]bool{}
	for at := range c.recent {
		if _, here := c.ours.sums[at]; !here {
			continue // of another provider
		}
		c.of.Lines++
		if c.theirs[at].String() != c.ours.sums[at].String() {
			out[at] = true
		}
	}
	for at, t := range c.theirs {
		if t.String() != c.ours.sums[at].String() {
			out[at] = true
		}
	}
	return out
}

// addFees writes down what the provider has kept, once for each movement.
func (c *comparison) addFees(ctx context.Context) error {
	for _, at := range ordered(c.theirs) {
		for _, m := range c.theirs[at].moves {
			object := cmp.Or(m.FeeObject, m.Object)
			p, ok := c.ours.payments[at]
			if m.Fee.Minor <= 0 || !ok || c.ours.fees[object] {
				continue // one of no payment has its fee when it is ours
			}
			if err := c.line(ctx, p, Ledger{Kind: LineFee, Object: object, Amount: m.Fee, At: m.At}); err != nil {
				return err
			}
			c.ours.fees[object] = true
			c.of.Fees++
		}
	}
	return nil
}

// lookCloser fetches the payments of suspects that the provider tells of, looks
// for their movements in a wider time, and makes breaks of what still differs.
func (c *comparison) lookCloser(ctx context.Context, suspects map[account]bool) error {
	owners := map[account]Payment{}
	for _, at := range ordered(suspects) {
		p, err := c.ownerOf(ctx, at)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		owners[at], c.orders[p.OrderID] = p, true
	}
	fetched := map[string]bool{}
	for _, at := range ordered(owners) {
		p := owners[at]
		if fetched[p.ID] || c.theirs[at].moves == nil && !c.opened(at) {
			continue
		}
		fetched[p.ID] = true
		if err := c.lookAgain(ctx, p); err != nil {
			return err
		}
	}
	var err error
	if c.theirs, err = listed(ctx, c.books, c.since(owners), c.now().Add(time.Minute)); err != nil {
		return err
	}
	if c.ours, err = c.ledgerOf(ctx, c.books.Name(), c.orders); err != nil {
		return err
	}
	if err := c.addFees(ctx); err != nil {
		return err
	}
	return c.judge(ctx, suspects, owners)
}

// since returns when the first movement of these payments can have been.
func (c *comparison) since(owners map[account]Payment) time.Time {
	first, most := c.from, c.now().Add(-wide)
	for _, p := range owners {
		if at := p.CreatedAt.Add(-overlap); at.Before(first) {
			first = at
		}
	}
	if first.Before(most) && most.Before(c.from) {
		return most
	}
	return first
}

// ownerOf returns the payment of an account, ErrNotFound for none of this shop.
func (c *comparison) ownerOf(ctx context.Context, at account) (Payment, error) {
	if p, ok := c.ours.payments[at]; ok {
		return p, nil
	}
	for _, m := range c.theirs[at].moves {
		if p, err := c.moved(ctx, c.books.Name(), m); !errors.Is(err, ErrNotFound) {
			return p, err
		}
	}
	for _, b := range c.open {
		if accountOf(b) == at && b.PaymentID != "" {
			return c.store.Payment(ctx, b.PaymentID)
		}
	}
	return Payment{}, ErrNotFound
}

// opened reports whether a break about an account is open.
func (c *comparison) opened(at account) bool {
	return slices.ContainsFunc(c.open, func(b Break) bool { return accountOf(b) == at })
}
