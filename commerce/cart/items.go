package cart

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// What became of an item that was to be added.
const (
	added    = "added"
	adjusted = "adjusted"
	rejected = "rejected"
)

// canonical returns metadata in the one form in which it is compared: keys
// sorted, no spaces, {} for none. It is a fixed point of json.Marshal, so it
// stays as it is in documents. It returns fault.ErrInvalid unless raw is an
// object.
func canonical(raw json.RawMessage, pointer string) (json.RawMessage, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return json.RawMessage("{}"), nil
	}
	var object map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // as it was written: 64 bits of a float lose digits
	err := dec.Decode(&object)
	if err == nil && object != nil {
		if _, err = dec.Token(); err == io.EOF {
			return json.Marshal(object)
		}
	}
	return nil, invalid(pointer, "metadata must be a JSON object")
}

// invalid returns fault.ErrInvalid about one field of the body.
func invalid(pointer, text string) error {
	e := fault.ErrInvalid.At(pointer).Saying(text)
	return e.Listing(fault.Item{Code: e.Code, In: e.In, Param: pointer, Message: text})
}

// canonicalItems returns items with canonical metadata.
func canonicalItems(items []AddItem) ([]AddItem, error) {
	items = slices.Clone(items)
	for i := range items {
		data, err := canonical(items[i].Metadata, pointer(i)+"/metadata")
		if err != nil {
			return nil, err
		}
		items[i].Metadata = data
	}
	return items, nil
}

func pointer(i int) string { return "/items/" + strconv.Itoa(i) }

// usable reports whether an item of a cart in c may have this price.
func usable(a *money.Amount, c money.Currency) bool {
	return a != nil && a.Currency == c && !a.IsNegative() && a.Bound() == nil
}

// add puts one item in c, as many as fit, at its Price; without a usable one it
// is rejected. The item's metadata is canonical. newID makes the id of an item.
func (c *Cart) add(in AddItem, newID func() string) (Result, *fault.Error) {
	if !usable(in.Price, c.Currency) {
		return reject(ErrNoPrice)
	}
	at := slices.IndexFunc(c.Items, func(it Item) bool {
		return it.VariantID == in.VariantID && bytes.Equal(it.Metadata, in.Metadata)
	})
	if at < 0 && len(c.Items) >= MaxItems {
		return reject(ErrFull)
	}
	var has int64
	if at >= 0 {
		has = c.Items[at].Quantity
	}
	n, short := fit(in.Quantity, has, c.held(in.VariantID), in.Limit)
	if n == 0 {
		return reject(short)
	}
	if at < 0 {
		at = len(c.Items)
		c.Items = append(c.Items, Item{ID: newID(), VariantID: in.VariantID, Metadata: in.Metadata})
	}
	c.Items[at].Quantity += n
	c.Items[at].Price = *in.Price
	res := Result{Status: added, ItemID: c.Items[at].ID}
	if short != nil {
		res.Status, res.Code, res.Available = adjusted, short.Code, available(short)
	}
	return res, nil
}

// fit returns how many of want more fit in an item that has has, when the cart
// holds held of the variant and may hold limit, nil for no limit; short says
// what kept the rest out.
func fit(want, has, held int64, limit *int64) (n int64, short *fault.Error) {
	n = want
	if room := max(MaxQuantity-has, 0); n > room {
		n, short = room, ErrTooMany
	}
	if limit == nil {
		return n, short
	}
	if room := max(*limit-held, 0); n > room {
		n, short = room, ErrLimited.With(Available{*limit})
	}
	return n, short
}

func reject(why *fault.Error) (Result, *fault.Error) {
	return Result{Status: rejected, Code: why.Code, Available: available(why)}, why
}

// available returns the number in the meta of ErrLimited, nil for other errors.
func available(e *fault.Error) *int64 {
	var a Available
	if len(e.Meta) == 0 || json.Unmarshal(e.Meta, &a) != nil {
		return nil
	}
	return &a.Available
}

// addAll puts items in c and says of each what became of it. If none could be
// added it returns ErrNothingAdded and leaves c as it was.
func (c *Cart) addAll(items []AddItem, newID func() string) ([]Result, error) {
	results := make([]Result, len(items))
	var faults []fault.Item
	kind := fault.Refused
	for i, it := range items {
		res, why := c.add(it, newID)
		res.Index = i
		results[i] = res
		if why == nil {
			continue
		}
		faults = append(faults, why.At(pointer(i)).Item())
		if why.Kind == fault.Invalid {
			kind = fault.Invalid
		}
	}
	if len(faults) < len(items) || len(items) == 0 {
		return results, nil
	}
	e := ErrNothingAdded.Listing(faults...)
	e.Kind = kind
	return nil, e
}

// setQuantity says how many of the item at i are wanted. Less than before is
// always possible; more needs a price, the new one, and keeps limit.
func (c *Cart) setQuantity(i int, quantity int64, price *money.Amount, limit *int64) error {
	it := &c.Items[i]
	more := quantity > it.Quantity
	rest := c.held(it.VariantID) - it.Quantity
	switch {
	case more && !usable(price, c.Currency):
		return ErrNoPrice
	case more && limit != nil && quantity+rest > *limit:
		return ErrLimited.At("/quantity").With(Available{*limit})
	}
	it.Quantity = quantity
	if usable(price, c.Currency) {
		it.Price = *price
	}
	return nil
}

// absorb puts the items of other, a cart in the same currency, in c. Equal items
// are summed up to MaxQuantity at the price in c; what is beyond MaxItems stays
// out. Items keep their ids. Gift cards of other come after those of c, up to
// MaxCards.
func (c *Cart) absorb(other Cart) {
	for _, it := range other.Items {
		at := slices.IndexFunc(c.Items, func(own Item) bool {
			return own.VariantID == it.VariantID && bytes.Equal(own.Metadata, it.Metadata)
		})
		switch {
		case at >= 0:
			c.Items[at].Quantity = min(c.Items[at].Quantity+it.Quantity, MaxQuantity)
		case len(c.Items) < MaxItems:
			c.Items = append(c.Items, it)
		}
	}
	for _, g := range other.GiftCards {
		if len(c.GiftCards) < MaxCards && !c.holds(g.ID) {
			c.GiftCards = append(c.GiftCards, g)
		}
	}
	for _, code := range other.DiscountCodes {
		if len(c.DiscountCodes) < MaxCodes && !slices.Contains(c.DiscountCodes, code) {
			c.DiscountCodes = append(c.DiscountCodes, code)
		}
	}
}

// reprice moves c to another market and currency. Items whose price there is
// not in prices, by item id, cost zero.
func (c *Cart) reprice(market string, currency money.Currency, prices map[string]money.Amount) {
	c.Market, c.Currency = market, currency
	for i := range c.Items {
		it := &c.Items[i]
		price, ok := prices[it.ID]
		if !ok || !usable(&price, currency) {
			price = money.Zero(currency)
		}
		it.Price = price
	}
}
