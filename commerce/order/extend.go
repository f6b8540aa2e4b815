package order

import "context"

// ExtendHold gives a pending order more time to be paid, until in.Until. Any other
// order, and one that has that much time already, is left alone. It returns
// ErrNotFound.
func (e *Engine) ExtendHold(ctx context.Context, in ExtendHoldInput) (Order, error) {
	if err := OpExtendHold.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		until := stamp(in.Until)
		if t.Status != StatusPending || t.ExpiresAt == nil || !until.After(*t.ExpiresAt) {
			return nil
		}
		t.ExpiresAt = &until
		t.note("hold", "", "", "the payment is on its way")
		return nil
	})
}
