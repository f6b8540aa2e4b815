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
	case ours == theirs:
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
