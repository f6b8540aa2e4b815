package inventory

import "maps"

// part is a share of a shipment: units of one reservation.
type part struct {
	was, now Reservation
	onHand   int64 // how many go from the shelf, or back to it
	reserved int64 // how many are not kept any more, or again
}

func (r Reservation) key() LevelKey { return LevelKey{r.VariantID, r.LocationID} }

// ship moves n units of r from kept to shipped. What is not tracked any more
// stays on the shelf.
func (r Reservation) ship(n int64, tracked bool) part {
	p := part{was: r, now: r, reserved: -n}
	if tracked {
		p.onHand = -n
	}
	p.now.Quantity -= n
	p.now.Shipped += n
	if p.now.Quantity == 0 {
		p.now.State = Shipped
	}
	return p
}

// unship moves n units of r back, of which onHand go to the shelf. What was
// released meanwhile stays released.
func (r Reservation) unship(n, onHand int64) part {
	p := part{was: r, now: r, onHand: onHand}
	p.now.Shipped -= n
	if r.State != Released {
		p.reserved = n
		p.now.Quantity += n
		p.now.State = Allocated
	}
	return p
}

// pick takes what is to be shipped from the reservations of an order. A variant
// without any was not tracked when the order was placed: it is passed over. It
// returns ErrNotAllocated if not all of it is allocated and on the shelf.
func pick(rows []Reservation, levels []Level, need map[string]int64) ([]part, error) {
	var parts []part
	shelf, left := map[LevelKey]Level{}, map[string]int64{}
	for _, l := range levels {
		shelf[l.key()] = l
	}
	for _, r := range rows {
		if _, ok := left[r.VariantID]; !ok {
			left[r.VariantID] = need[r.VariantID]
		}
		n := min(left[r.VariantID], r.Quantity)
		if n == 0 || r.State != Allocated {
			continue
		}
		if l := shelf[r.key()]; l.Tracked {
			n = min(n, l.OnHand) // promised beyond that, and not received yet
		}
		if n > 0 {
			parts = append(parts, r.ship(n, shelf[r.key()].Tracked))
			left[r.VariantID] -= n
		}
	}
	for _, variant := range keys(left) {
		if n := left[variant]; n > 0 {
			return nil, ErrNotAllocated.With(Short{VariantID: variant, Requested: need[variant], Available: need[variant] - n})
		}
	}
	return parts, nil
}

// unpick finds the units of a shipment again: first those that its movements
// name, then, for what was not tracked on that day, any that were shipped.
func unpick(rows []Reservation, moved map[LevelKey]int64, need map[string]int64) []part {
	var parts []part
	left := maps.Clone(need)
	for key, n := range moved {
		left[key.VariantID] -= n
	}
	for _, r := range rows {
		n := moved[r.key()]
		more := max(0, min(left[r.VariantID], r.Shipped-n))
		left[r.VariantID] -= more
		if n+more > 0 {
			parts = append(parts, r.unship(n+more, n))
		}
	}
	return parts
}
