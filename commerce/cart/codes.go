package cart

import (
	"context"
	"slices"
)

// AddDiscountCode puts the code of a promotion in an open cart, after those that it
// has. A code that is there already stays where it is. It returns
// ErrDiscountCodesFull beyond MaxCodes.
func (e *Engine) AddDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error) {
	if err := OpAddDiscountCode.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		switch {
		case slices.Contains(c.DiscountCodes, in.Code):
			return nil
		case len(c.DiscountCodes) >= MaxCodes:
			return ErrDiscountCodesFull
		}
		c.DiscountCodes = append(c.DiscountCodes, in.Code)
		return nil
	})
}

// RemoveDiscountCode takes the code of a promotion out of an open cart.
func (e *Engine) RemoveDiscountCode(ctx context.Context, in DiscountCodeInput) (Cart, error) {
	if err := OpRemoveDiscountCode.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		at := slices.Index(c.DiscountCodes, in.Code)
		if at < 0 {
			return ErrDiscountCodeNotFound
		}
		c.DiscountCodes = slices.Delete(c.DiscountCodes, at, at+1)
		return nil
	})
}
