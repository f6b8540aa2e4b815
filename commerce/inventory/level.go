package inventory

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// lowStock is the most that counts as low.
const lowStock = 5

// Reasons of movements that the engine itself makes.
const (
	reasonShipped   = "shipped"
	reasonUnshipped = "unshipped"
	reasonCounted   = "counted"
	reasonImported  = "imported"
)

// Check implements the rules of package check that tags cannot say.
func (in AdjustInput) Check() []fault.Item {
	items := checkReason(in.Reason)
	if in.Delta == 0 {
		items = append(items, fault.Item{Code: "inventory.no_change", Param: "/delta", Message: "must not be 0"})
	}
	return items
}

// Check implements the rules of package check that tags cannot say.
func (in PutLevelsInput) Check() []fault.Item { return checkReason(in.Reason) }

// checkReason keeps the words of Ship for Ship: Unship looks for them.
func checkReason(reason string) []fault.Item {
	if reason == reasonShipped || reason == reasonUnshipped {
		return []fault.Item{{Code: "inventory.reserved_reason", Param: "/reason", Message: "is for shipping only"}}
	}
	return nil
}

// edit is a level before and after a change. The Version of was is 0 for a new
// one.
type edit struct{ was, now Level }

func (c edit) delta() int64 { return c.now.OnHand - c.was.OnHand }

// changes reports whether there is anything to write.
func (c edit) changes() bool {
	return c.was.Version == 0 || c.delta() != 0 || c.now.Tracked != c.was.Tracked || c.now.Backorder != c.was.Backorder
}

// allowed returns ErrBelowReserved if the change would take away what is
// promised, or more than there is.
func (c edit) allowed() error {
	if c.now.OnHand < 0 || c.now.Tracked && c.now.Reserved > c.now.OnHand+c.now.Backorder {
		return ErrBelowReserved.With(Promised{OnHand: c.was.OnHand, Reserved: c.was.Reserved})
	}
	return nil
}

// salable is how many can be sold of a level. A level that is not there does
// not limit anything.
func (l Level) salable() int64 {
	if !l.Tracked {
		return Unlimited
	}
	return l.Available()
}

// news returns the events that announce the change.
func (c edit) news(id func(prefix string) string, at time.Time) []event.Envelope {
	types := []event.Type[StockV1]{StockChanged}
	switch was, now := c.was.salable(), c.now.salable(); {
	case was > 0 && now <= 0:
		types = append(types, StockOut)
	case was <= 0 && now > 0:
		types = append(types, BackInStock)
	case was > lowStock && now <= lowStock:
		types = append(types, StockLow)
	}
	evs := make([]event.Envelope, len(types))
	for i, t := range types {
		evs[i] = t.New(id("evt"), c.now.VariantID, at, StockV1{Variant: c.now.VariantID, Location: c.now.LocationID,
			OnHand: c.now.OnHand, Reserved: c.now.Reserved, Available: c.now.Available()})
	}
	return evs
}

// set applies what f says of a level. counted says that the cause has moved
// this level before: then OnHand stays.
func (f LevelFields) set(l Level, counted bool) Level {
	if f.OnHand != nil && !counted {
		l.OnHand = *f.OnHand
	}
	l.Tracked, l.Backorder = f.Tracked, f.Backorder
	return l
}
