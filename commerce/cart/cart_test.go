package cart

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func eur(n int64) *money.Amount { return new(money.New(n, "EUR")) }

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprint("ci_", n) }
}

func holding(items ...Item) Cart {
	c := Cart{ID: "cart_1", Status: StatusOpen, Market: "eu", Currency: "EUR", Items: []Item{}}
	for i, it := range items {
		if it.ID == "" {
			it.ID = fmt.Sprint("old_", i)
		}
		if it.Metadata == nil {
			it.Metadata = json.RawMessage(`{}`)
		}
		it.Price = *eur(100)
		c.Items = append(c.Items, it)
	}
	return c
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `{}`}, {"null", `{}`}, {"{}", `{}`}, {` { } `, `{}`},
		{`{"b":1,"a":[1, 2]}`, `{"a":[1,2],"b":1}`},
		{`{"b":{"d":1,"c":2}}`, `{"b":{"c":2,"d":1}}`},
		{`{"n":12345678901234567890.10}`, `{"n":12345678901234567890.10}`},
		{`{"a":"<é>"}`, `{"a":"\u003cé\u003e"}`},
		{`{"a":1,"a":2}`, `{"a":2}`},
		{`[]`, ""}, {`"x"`, ""}, {`1`, ""}, {`{"a":}`, ""}, {`{} {}`, ""}, {`{}x`, ""}, {`{`, ""},
	} {
		got, err := canonical(json.RawMessage(c.in), "/metadata")
		if string(got) != c.want || (err != nil) != (c.want == "") || err != nil && !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("canonical(%s) = %s, %v; want %s", c.in, got, err, c.want)
		}
		if again, _ := json.Marshal(got); err == nil && string(again) != string(got) {
			t.Errorf("%s is written as %s", got, again)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"b":1,"a":{"d":"<","c":[1e400,null]}}`))
	f.Add([]byte("{\"\xff\":\"\u2028\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := canonical(data, "/metadata")
		if err != nil {
			return
		}
		again, err := canonical(got, "/metadata")
		if err != nil || string(again) != string(got) {
			t.Errorf("canonical of %s is %s, %v", got, again, err)
		}
		if out, err := json.Marshal(got); err != nil || string(out) != string(got) {
			t.Errorf("%s is written as %s, %v", got, out, err)
		}
	})
}

func TestAdd(t *testing.T) {
	gift := json.RawMessage(`{"gift":true}`)
	full := make([]Item, MaxItems)
	for i := range full {
		full[i] = Item{VariantID: fmt.Sprint("var_", i), Quantity: 1}
	}
	for name, c := range map[string]struct {
		cart      []Item
		in        AddItem
		status    string
		code      string
		available int64
		quantity  int64 // of the item, afterwards
		items     int
	}{
		"new":                  {nil, AddItem{VariantID: "a", Quantity: 2, Price: eur(5)}, added, "", 0, 2, 1},
		"free of charge":       {nil, AddItem{VariantID: "a", Quantity: 2, Price: eur(0)}, added, "", 0, 2, 1},
		"equal":                {[]Item{{VariantID: "a", Quantity: 1}}, AddItem{VariantID: "a", Quantity: 2, Price: eur(5)}, added, "", 0, 3, 1},
		"other metadata":       {[]Item{{VariantID: "a", Quantity: 1}}, AddItem{VariantID: "a", Quantity: 2, Metadata: gift, Price: eur(5)}, added, "", 0, 2, 2},
		"no price":             {nil, AddItem{VariantID: "a", Quantity: 1}, rejected, "cart.item_unavailable", 0, 0, 0},
		"price in USD":         {nil, AddItem{VariantID: "a", Quantity: 1, Price: new(money.New(1, "USD"))}, rejected, "cart.item_unavailable", 0, 0, 0},
		"negative price":       {nil, AddItem{VariantID: "a", Quantity: 1, Price: eur(-1)}, rejected, "cart.item_unavailable", 0, 0, 0},
		"price out of bounds":  {nil, AddItem{VariantID: "a", Quantity: 1, Price: eur(money.MaxMinor + 1)}, rejected, "cart.item_unavailable", 0, 0, 0},
		"limit fits":           {[]Item{{VariantID: "a", Quantity: 1}}, AddItem{VariantID: "a", Quantity: 2, Limit: new(int64(3)), Price: eur(5)}, added, "", 0, 3, 1},
		"limit cuts":           {[]Item{{VariantID: "a", Quantity: 1}}, AddItem{VariantID: "a", Quantity: 3, Limit: new(int64(3)), Price: eur(5)}, adjusted, "inventory.insufficient_stock", 3, 3, 1},
		"limit over all items": {[]Item{{VariantID: "a", Quantity: 1}, {VariantID: "b", Quantity: 9}}, AddItem{VariantID: "a", Quantity: 9, Limit: new(int64(3)), Metadata: gift, Price: eur(5)}, adjusted, "inventory.insufficient_stock", 3, 2, 3},
		"limit reached":        {[]Item{{VariantID: "a", Quantity: 3}}, AddItem{VariantID: "a", Quantity: 1, Limit: new(int64(3)), Price: eur(5)}, rejected, "inventory.insufficient_stock", 3, 0, 1},
		"limit passed":         {[]Item{{VariantID: "a", Quantity: 5}}, AddItem{VariantID: "a", Quantity: 1, Limit: new(int64(3)), Price: eur(5)}, rejected, "inventory.insufficient_stock", 3, 0, 1},
		"too many":             {[]Item{{VariantID: "a", Quantity: 9998}}, AddItem{VariantID: "a", Quantity: 5, Price: eur(5)}, adjusted, "cart.too_many", 0, 9999, 1},
		"far too many":         {[]Item{{VariantID: "a", Quantity: 9999}}, AddItem{VariantID: "a", Quantity: 5, Price: eur(5)}, rejected, "cart.too_many", 0, 0, 1},
		"full":                 {full, AddItem{VariantID: "a", Quantity: 1, Price: eur(5)}, rejected, "cart.full", 0, 0, 500},
		"full, but equal":      {full, AddItem{VariantID: "var_7", Quantity: 1, Price: eur(5)}, added, "", 0, 2, 500},
	} {
		t.Run(name, func(t *testing.T) {
			k := holding(c.cart...)
			if c.in.Metadata == nil {
				c.in.Metadata = json.RawMessage(`{}`)
			}
			got, _ := k.add(c.in, counter())
			if got.Status != c.status || got.Code != c.code || len(k.Items) != c.items {
				t.Errorf("got %+v and %d items", got, len(k.Items))
			}
			if (got.Available != nil) != (c.available != 0) || got.Available != nil && *got.Available != c.available {
				t.Errorf("available = %v, want %d", got.Available, c.available)
			}
			if i := k.index(got.ItemID); i >= 0 && (k.Items[i].Quantity != c.quantity || k.Items[i].Price != *c.in.Price) {
				t.Errorf("item %+v, want quantity %d at %v", k.Items[i], c.quantity, c.in.Price)
			} else if (i >= 0) != (c.status != rejected) {
				t.Errorf("item id = %q", got.ItemID)
			}
		})
	}
}

func TestAddAllOfNothing(t *testing.T) {
	for name, c := range map[string]struct {
		items []AddItem
		kind  fault.Kind
		codes string
	}{
		"stock and state": {[]AddItem{{VariantID: "a", Quantity: 1}, {VariantID: "b", Quantity: 1, Limit: new(int64(2)), Price: eur(5)}}, fault.Refused, "cart.item_unavailable inventory.insufficient_stock"},
		"one is invalid":  {[]AddItem{{VariantID: "a", Quantity: 1}, {VariantID: "c", Quantity: 1, Price: eur(5)}}, fault.Invalid, "cart.item_unavailable cart.too_many"},
	} {
		t.Run(name, func(t *testing.T) {
			k := holding(Item{VariantID: "b", Quantity: 2}, Item{VariantID: "c", Quantity: 9999})
			before := k.clone()
			for i := range c.items {
				c.items[i].Metadata = json.RawMessage(`{}`)
			}
			_, err := k.addAll(c.items, counter())
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Code != ErrNothingAdded.Code || f.Kind != c.kind || !reflect.DeepEqual(k, before) {
				t.Fatalf("err = %v (%s), cart %+v", err, fault.KindOf(err), k)
			}
			var codes []string
			for i, it := range f.Errors {
				codes = append(codes, it.Code)
				if it.Param != fmt.Sprint("/items/", i) || it.In != "body" || (it.Code == ErrLimited.Code) != (string(it.Meta) == `{"available":2}`) {
					t.Errorf("item %d is %+v %s", i, it, it.Meta)
				}
			}
			if got := strings.Join(codes, " "); got != c.codes {
				t.Errorf("codes = %s, want %s", got, c.codes)
			}
		})
	}
	if fault.KindOf(ErrNothingAdded) != fault.Refused {
		t.Error("the sentinel was changed")
	}
}

func TestAddAllCountsItsOwnItems(t *testing.T) {
	k := holding()
	it := AddItem{VariantID: "a", Quantity: 2, Limit: new(int64(3)), Price: eur(5), Metadata: json.RawMessage(`{}`)}
	got, err := k.addAll([]AddItem{it, it, it}, counter())
	if err != nil || got[0].Status != added || got[1].Status != adjusted || got[2].Status != rejected || got[2].Index != 2 || k.Items[0].Quantity != 3 {
		t.Errorf("got %+v, %v; cart %+v", got, err, k)
	}
}

func TestSetQuantityRule(t *testing.T) {
	for name, c := range map[string]struct {
		quantity int64
		price    *money.Amount
		limit    *int64
		want     error
		minor    int64
	}{
		"more":                   {7, eur(5), nil, nil, 5},
		"more, within the limit": {4, eur(5), new(int64(6)), nil, 5},
		"more than the limit":    {5, eur(5), new(int64(6)), ErrLimited, 100},
		"more without a price":   {4, nil, nil, ErrNoPrice, 100},
		"same, other price":      {3, eur(5), new(int64(1)), nil, 5},
		"less, above the limit":  {2, eur(5), new(int64(1)), nil, 5},
		"less without a price":   {1, nil, nil, nil, 100},
	} {
		t.Run(name, func(t *testing.T) {
			k := holding(Item{VariantID: "a", Quantity: 3}, Item{VariantID: "a", Quantity: 2, Metadata: json.RawMessage(`{"x":1}`)})
			err := k.setQuantity(0, c.quantity, c.price, c.limit)
			if !errors.Is(err, c.want) || k.Items[0].Price.Minor != c.minor || err == nil && k.Items[0].Quantity != c.quantity {
				t.Errorf("err = %v, item %+v", err, k.Items[0])
			}
		})
	}
}

func TestAbsorb(t *testing.T) {
	a := holding(Item{ID: "x", VariantID: "a", Quantity: 9000}, Item{ID: "y", VariantID: "b", Quantity: 1})
	b := holding(Item{ID: "p", VariantID: "a", Quantity: 1000}, Item{ID: "q", VariantID: "b", Quantity: 1, Metadata: json.RawMessage(`{"x":1}`)}, Item{ID: "r", VariantID: "b", Quantity: 2})
	a.absorb(b)
	var got []string
	for _, it := range a.Items {
		got = append(got, fmt.Sprint(it.ID, it.Quantity))
	}
	if want := []string{"x9999", "y3", "q1"}; !slices.Equal(got, want) {
		t.Errorf("items = %v, want %v", got, want)
	}
	for i := len(a.Items); i < MaxItems; i++ {
		a.Items = append(a.Items, Item{VariantID: fmt.Sprint(i), Quantity: 1, Metadata: json.RawMessage(`{}`)})
	}
	a.absorb(holding(Item{VariantID: "new", Quantity: 1}, Item{VariantID: "7", Quantity: 1}))
	if len(a.Items) != MaxItems || a.held("7") != 2 || a.held("new") != 0 {
		t.Errorf("%d items, %d of 7, %d new", len(a.Items), a.held("7"), a.held("new"))
	}
}

func TestReprice(t *testing.T) {
	k := holding(Item{ID: "x", VariantID: "a", Quantity: 1}, Item{ID: "y", VariantID: "b", Quantity: 1}, Item{ID: "z", VariantID: "c", Quantity: 1})
	k.reprice("us", "USD", map[string]money.Amount{"x": money.New(7, "USD"), "y": money.New(7, "EUR")})
	for i, want := range []int64{7, 0, 0} {
		if got := k.Items[i].Price; got != money.New(want, "USD") {
			t.Errorf("price %d = %v, want %d USD", i, got, want)
		}
	}
}

func TestOpenKey(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []Cart{{CustomerID: "a", Market: "b|c"}, {CustomerID: "a|b", Market: "c"}, {CustomerID: "a%7Cb", Market: "c"}, {CustomerID: "a", Market: "b"}} {
		c.Status, c.Currency = StatusOpen, "EUR"
		if k := c.OpenKey(); k == "" || seen[k] {
			t.Errorf("open key of %q in %q = %q", c.CustomerID, c.Market, k)
		} else {
			seen[k] = true
		}
	}
	long := Cart{Status: StatusOpen, CustomerID: strings.Repeat("|", 64), Market: strings.Repeat("m", 64), Currency: "EUR"}
	if n := len(long.OpenKey()); n > 300 {
		t.Errorf("an open key has %d characters", n)
	}
	for _, c := range []Cart{{Status: StatusOpen}, {Status: StatusCompleted, CustomerID: "a"}} {
		if k := c.OpenKey(); k != "" {
			t.Errorf("open key of %+v = %q, want none", c, k)
		}
	}
}

func TestMove(t *testing.T) {
	now := time.Unix(1, 0)
	c := Cart{Status: StatusOpen}
	for _, step := range []struct {
		to   Status
		want error
	}{{StatusCompleted, nil}, {StatusMerged, ErrClosed}, {StatusOpen, nil}, {StatusMerged, nil}, {StatusOpen, ErrClosed}} {
		if err := c.move(step.to, now); !errors.Is(err, step.want) {
			t.Errorf("to %s: %v, want %v", step.to, err, step.want)
		}
		if (c.Status == StatusOpen) != c.ClosedAt.IsZero() {
			t.Errorf("%s, closed at %v", c.Status, c.ClosedAt)
		}
	}
}

// TestOperations checks the tags of every operation's input.
func TestOperations(t *testing.T) {
	names := map[string]bool{}
	Register(op.RegistrarFunc(func(h op.Handler) {
		names[h.Name] = true
		if err := check.Type(h.In); err != nil {
			t.Errorf("%s: %v", h.Name, err)
		}
		if h.Access == "" || h.Doc == "" {
			t.Errorf("%s has no access or doc", h.Name)
		}
	}), (*Engine)(nil))
	if len(names) != reflect.TypeFor[Service]().NumMethod() {
		t.Errorf("%d operations for %d methods", len(names), reflect.TypeFor[Service]().NumMethod())
	}
}
