package order

import (
	"fmt"
	"slices"
)

// Which units count: those of items that require shipping, and all units when
// no item does. Units of other items can be put in a fulfillment by naming
// them, but nobody waits for them.

func counted(items []Item) []Item {
	some := slices.DeleteFunc(slices.Clone(items), func(it Item) bool { return !it.RequiresShipping })
	if len(some) == 0 {
		return items
	}
	return some
}

// fulfillmentStatus says how far the uncanceled units that count have come.
func fulfillmentStatus(items []Item) FulfillmentStatus {
	var units, shipped, delivered, returned int64
	for _, it := range counted(items) {
		units += it.Quantity - it.Quantities.Canceled
		shipped += it.Quantities.Fulfilled
		delivered += it.Quantities.Delivered
		returned += it.Quantities.Returned
	}
	switch {
	case shipped == 0 || units <= 0:
		return Unfulfilled
	case shipped < units:
		return PartlyFulfilled
	case delivered < units:
		return Fulfilled
	case returned == 0:
		return Delivered
	case returned < units:
		return PartiallyReturned
	default:
		return Returned
	}
}

// arrived reports whether all units have been delivered, wherever they are now.
func arrived(s FulfillmentStatus) bool {
	return s == Delivered || s == PartiallyReturned || s == Returned
}

// count writes down how many units of each item were shipped, delivered and
// refunded.
func count(items []Item, fs []Fulfillment, rs []Refund) {
	for i := range items {
		q := &items[i].Quantities
		q.Fulfilled = unitsIn(items[i].ID, fs, FulShipped, FulDelivered)
		q.Delivered = unitsIn(items[i].ID, fs, FulDelivered)
		q.Refunded = refundedUnits(items[i].ID, rs)
	}
}

// unitsIn returns how many units of an item are in fulfillments of these states.
func unitsIn(itemID string, fs []Fulfillment, in ...FulfillmentState) (n int64) {
	for _, f := range fs {
		if !slices.Contains(in, f.Status) {
			continue
		}
		for _, u := range f.Items {
			if u.ItemID == itemID {
				n += u.Quantity
			}
		}
	}
	return n
}

// left returns how many units of it can still be put in a fulfillment.
func left(it Item, fs []Fulfillment) int64 {
	return it.Quantity - it.Quantities.Canceled - unitsIn(it.ID, fs, FulPending, FulShipped, FulDelivered)
}

// noUnits is the meta of ErrNoUnits.
type noUnits struct {
	ItemID    string `json:"item_id"`
	Requested int64  `json:"requested"`
	Left      int64  `json:"left"`
}

// plan returns the units of a new fulfillment: those that are asked for, equal
// items in one, or all that are left of those that count. It returns ErrNoUnits
// when there are not as many.
func plan(items []Item, fs []Fulfillment, asked []Units) ([]Units, error) {
	if len(asked) == 0 {
		return planRest(items, fs)
	}
	var out []Units
	for i, u := range asked {
		j := slices.IndexFunc(out, func(o Units) bool { return o.ItemID == u.ItemID })
		if j < 0 {
			j = len(out)
			out = append(out, Units{ItemID: u.ItemID})
		}
		out[j].Quantity += u.Quantity
		rest := int64(0)
		if k := slices.IndexFunc(items, func(it Item) bool { return it.ID == u.ItemID }); k >= 0 {
			rest = left(items[k], fs)
		}
		if out[j].Quantity > rest {
			return nil, ErrNoUnits.At(fmt.Sprintf("/items/%d/quantity", i)).With(noUnits{u.ItemID, out[j].Quantity, rest})
		}
	}
	return out, nil
}

func planRest(items []Item, fs []Fulfillment) ([]Units, error) {
	var out []Units
	for _, it := range counted(items) {
		if n := left(it, fs); n > 0 {
			out = append(out, Units{ItemID: it.ID, Quantity: n})
		}
	}
	if len(out) == 0 {
		return nil, ErrNoUnits.With(noUnits{})
	}
	return out, nil
}
