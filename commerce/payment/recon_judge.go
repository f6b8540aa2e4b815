package payment

import "context"

// judge makes breaks of the suspects that differ, and resolves those that are
// gone.
func (c *comparison) judge(ctx context.Context, suspects map[account]bool, owners map[account]Payment) error {
	seen := map[string]bool{}
	for _, at := range ordered(suspects) {
		b, differs := c.breakOf(at, owners[at])
		if !differs {
			continue
		}
		seen[b.ID] = true
		if err := c.found(ctx, b); err != nil {
			return err
		}
	}
	for _, b := range c.open {
		if seen[b.ID] {
			continue
		}
		if err := c.gone(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// breakOf returns what is wrong with an account, if anything is. What the
// provider moved so long ago that it is not listed is as it was seen then.
func (c *comparison) breakOf(at account, p Payment) (Break, bool) {
	ours, theirs := c.ours.sums[at].String(), c.theirs[at].String()
	for _, b := range c.open {
		if theirs == "" && accountOf(b) == at {
			theirs = b.Theirs
		}
	}
	kind := BreakAmount
	switch {
	case ours == theirs, c.cameBack(at), c.takenOtherwise(at, p):
		return Break{}, false
	case theirs == "":
		kind = BreakUnknown
	case ours == "" && p.ID == "":
		kind = BreakStranger
	case ours == "":
		kind = BreakMissing
	}
	p.Provider = c.books.Name()
	return c.newBreak(kind, at.String(), p, ours, theirs), true
}

// cameBack reports whether an account is of a refund that had succeeded at the
// provider and was sent back before it was heard of: here it has only failed, and
// there its two movements make nothing.
func (c *comparison) cameBack(at account) bool {
	went, back := account{LineRefunded, at.object}, account{LineRefundFailed, at.object}
	if at != went && at != back {
		return false
	}
	nothing := c.ours.sums[went].String() == "" && c.ours.sums[back].String() == ""
	return nothing && c.theirs[went].String() == c.theirs[back].String()
}

// takenOtherwise reports whether an account is of a capture of p whose answer was
// lost, and that stands in the ledger together with a later one: all captures of p
// make the same here and there.
func (c *comparison) takenOtherwise(at account, p Payment) bool {
	if at.kind != LineCaptured || p.ID == "" {
		return false
	}
	ours, theirs := sums{}, sums{}
	for other, s := range c.ours.sums {
		if other.kind == LineCaptured && c.ours.payments[other].ID == p.ID {
			for currency, n := range s {
				ours[currency] += n
			}
		}
	}
	for other, t := range c.theirs {
		for _, m := range t.moves {
			if other.kind == LineCaptured && (m.PaymentID == p.ID || m.ProviderID != "" && m.ProviderID == p.ProviderID) {
				theirs.add(m.Amount)
			}
		}
	}
	return ours.String() == theirs.String()
}
