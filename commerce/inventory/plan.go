package inventory

import (
	"cmp"
	"maps"
	"slices"
)

// take is a quantity to reserve at one level.
type take struct {
	LevelKey
	Quantity int64
}

func (l Level) key() LevelKey { return LevelKey{l.VariantID, l.LocationID} }

// compare is the order in which rows of stock are locked.
func (k LevelKey) compare(o LevelKey) int {
	return cmp.Or(cmp.Compare(k.VariantID, o.VariantID), cmp.Compare(k.LocationID, o.LocationID))
}

// sum adds the items of each variant up: two lines may want the same stock.
func sum(items []Quantity) map[string]int64 {
	total := map[string]int64{}
	for _, it := range items {
		total[it.VariantID] += it.Quantity
	}
	return total
}

// keys returns the keys of m, sorted.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// byVariant sorts levels into those of each variant and keeps their order.
func byVariant(levels []Level) map[string][]Level {
	of := map[string][]Level{}
	for _, l := range levels {
		of[l.VariantID] = append(of[l.VariantID], l)
	}
	return of
}

// untracked reports whether a variant with these levels is always for sale:
// it has none, or one of them is.
func untracked(levels []Level) bool {
	return len(levels) == 0 || slices.ContainsFunc(levels, func(l Level) bool { return !l.Tracked })
}

// free is how many lie on the shelf for nobody.
func (l Level) free() int64 { return max(0, l.OnHand-l.Reserved) }

// spread says where to reserve what is needed, in the order of locks, and which
// variants are short. levels are in the order in which they ship. What is not
// tracked is not reserved.
func spread(need map[string]int64, levels []Level) (takes []take, short []Short) {
	of := byVariant(levels)
	for _, variant := range keys(need) {
		if untracked(of[variant]) {
			continue
		}
		got, left := spreadOne(of[variant], need[variant])
		if left > 0 {
			short = append(short, Short{VariantID: variant, Requested: need[variant], Available: need[variant] - left})
		}
		takes = append(takes, got...)
	}
	return takes, short
}

// spreadOne takes what lies on the shelves first, then promises what does not,
// both at the first location that can.
func spreadOne(levels []Level, need int64) (takes []take, left int64) {
	got := make([]int64, len(levels))
	left = need
	for _, room := range []func(Level) int64{Level.free, Level.Available} {
		for i, l := range levels {
			n := max(0, min(left, room(l)-got[i]))
			got[i] += n
			left -= n
		}
	}
	for i, l := range levels {
		if got[i] > 0 {
			takes = append(takes, take{l.key(), got[i]})
		}
	}
	slices.SortFunc(takes, func(a, b take) int { return a.compare(b.LevelKey) })
	return takes, left
}

// merge adds up takes of one level, in the order of locks.
func merge(takes []take) []take {
	total := map[LevelKey]int64{}
	for _, t := range takes {
		total[t.LevelKey] += t.Quantity
	}
	out := make([]take, 0, len(total))
	for _, k := range slices.SortedFunc(maps.Keys(total), LevelKey.compare) {
		out = append(out, take{k, total[k]})
	}
	return out
}

// insufficient returns ErrInsufficient with every variant that is short.
func insufficient(short []Short) error {
	err := ErrInsufficient.With(short[0])
	if len(short) == 1 {
		return err
	}
	for _, s := range short {
		err.Errors = append(err.Errors, ErrInsufficient.With(s).Item())
	}
	return err
}

// summarize says what a shop knows of a variant with these levels.
func summarize(variant string, levels []Level) Availability {
	a := Availability{VariantID: variant, Tracked: !untracked(levels)}
	for _, l := range levels {
		a.Quantity += l.free()
		a.Limit = min(Unlimited, a.Limit+l.Available())
		a.Backorder = a.Backorder || l.Backorder > 0
	}
	switch {
	case !a.Tracked:
		a.Status, a.Limit = InStock, Unlimited
	case a.Quantity > lowStock:
		a.Status = InStock
	case a.Quantity > 0:
		a.Status = Low
	case a.Limit > 0:
		a.Status = Backorder
	default:
		a.Status = Out
	}
	return a
}
