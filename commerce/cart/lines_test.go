package cart_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func (s *shop) add(ctx context.Context, id string, items ...cart.AddItem) (cart.AddItemsOutput, error) {
	return s.AddItems(ctx, cart.AddItemsInput{ID: id, Items: items})
}

func TestAddItems(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""))
	ctx := guest(t.Context(), s.Token(c))
	out, err := s.add(ctx, c.ID, add("mug", 2), add("none", 1), cart.AddItem{VariantID: "top", Quantity: 5, Limit: new(int64(3)), Price: new(money.New(1, "EUR"))}, add("odd", 1))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(out.Results)
	want := `[{"index":0,"status":"added","item_id":"` + out.Cart.Items[0].ID + `"},{"index":1,"status":"rejected","code":"cart.item_unavailable"},` +
		`{"index":2,"status":"adjusted","item_id":"` + out.Cart.Items[1].ID + `","code":"inventory.insufficient_stock","available":3},` +
		`{"index":3,"status":"rejected","code":"cart.item_unavailable"}]`
	if string(got) != want || contents(out.Cart) != "mug×2@1499 top×3@5000" || out.Cart.Version != 2 {
		t.Errorf("%s\n%s", got, contents(out.Cart))
	}
	if n := len(s.list.asked); n != 1 || len(s.list.asked[0].Items) != 4 || s.list.asked[0].Market != "eu" {
		t.Errorf("asked %+v", s.list.asked)
	}

	// Equal variant and metadata is one item, at the price of now.
	s.list.prices["eu/mug"] = money.New(1599, "EUR")
	mug := func(meta string) cart.AddItem {
		return cart.AddItem{VariantID: "mug", Quantity: 1, Metadata: json.RawMessage(meta)}
	}
	out, err = s.add(ctx, c.ID, mug(`{}`), mug(`null`), mug(`{"b":1, "a":"<"}`), mug(`{"a":"\u003c","b":1}`))
	if err != nil || contents(out.Cart) != "mug×4@1599 top×3@5000 mug×2@1599" {
		t.Errorf("%s, %v", contents(out.Cart), err)
	}
	if out, err = s.add(ctx, c.ID, mug(`{"b":1,"a":"<"}`)); err != nil || contents(out.Cart) != "mug×4@1599 top×3@5000 mug×3@1599" {
		t.Errorf("%s, %v", contents(out.Cart), err)
	}
	s.wantEvents()
}

func TestAddItemsFails(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""), add("mug", 1))
	ctx := guest(t.Context(), s.Token(c))
	_, err := s.AddItems(ctx, cart.AddItemsInput{ID: c.ID, Version: 7, Items: []cart.AddItem{add("mug", 1)}})
	wantMeta(t, err, cart.ErrStale, `{"version":1}`)
	_, err = s.add(ctx, "cart_none", add("mug", 1))
	wantErr(t, err, cart.ErrNotFound)
	_, err = s.add(ctx, c.ID)
	wantErr(t, err, fault.ErrInvalid)
	_, err = s.add(t.Context(), c.ID, cart.AddItem{VariantID: "mug", Quantity: 1, Price: new(money.New(5, "USD"))})
	wantMeta(t, err, cart.ErrStale, `{"version":1}`) // asked for in a market that the cart has left
	_, err = s.add(t.Context(), c.ID, cart.AddItem{VariantID: "mug", Quantity: 1, Price: new(money.New(-5, "EUR"))})
	wantErr(t, err, fault.ErrInvalid)
	_, err = s.add(ctx, c.ID, add("none", 1), cart.AddItem{VariantID: "mug", Quantity: 1, Limit: new(int64(1))})
	wantErr(t, err, cart.ErrNothingAdded)
	if f := fault.Public(err); f.Kind != fault.Refused || len(f.Errors) != 2 || f.Errors[1].Param != "/items/1" || string(f.Errors[1].Meta) != `{"available":1}` {
		t.Errorf("%+v", f)
	}
	boom := errors.New("pricing is down")
	s.list.err = boom
	_, err = s.add(ctx, c.ID, add("mug", 1))
	wantErr(t, err, boom)
	if got := s.stored(c.ID); got.Version != 1 {
		t.Errorf("version = %d, want 1", got.Version)
	}
}

func TestAddItemsFollowsTheMarket(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""))
	s.list.after = func() { // the cart moves while prices in its old market are asked for
		_, err := s.Update(t.Context(), cart.UpdateInput{ID: c.ID, Market: op.Some("us"), Currency: op.Some[money.Currency]("USD"), Prices: map[string]money.Amount{}})
		if err != nil {
			t.Error(err)
		}
	}
	out, err := s.add(guest(t.Context(), s.Token(c)), c.ID, add("mug", 1))
	if err != nil || contents(out.Cart) != "mug×1@1799" || len(s.list.asked) != 2 {
		t.Errorf("%s, %v, asked %d times", contents(out.Cart), err, len(s.list.asked))
	}
}

// K01: nothing is lost when the same is added many times at once.
func TestAddItemsAtOnce(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := s.add(guest(t.Context(), s.Token(c)), c.ID, add("mug", 1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := contents(s.stored(c.ID)); got != "mug×16@1499" {
		t.Errorf("%s, want 16 in one item", got)
	}
}

// K02: of two writers that name the same version one wins.
func TestVersionGuards(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.Update(t.Context(), cart.UpdateInput{ID: c.ID, Version: 1, Note: op.Some(strconv.Itoa(i))})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), cart.ErrStale) {
		t.Errorf("errors %v", errs)
	}
}

func TestSetQuantityAndRemove(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""), add("mug", 2), add("top", 1))
	ctx := guest(t.Context(), s.Token(c))
	mug := c.Items[0].ID
	set := func(in cart.SetQuantityInput) (cart.Cart, error) {
		in.ID = c.ID
		if in.ItemID == "" {
			in.ItemID = mug
		}
		return s.SetQuantity(ctx, in)
	}
	s.list.prices["eu/mug"] = money.New(1599, "EUR")
	got, err := set(cart.SetQuantityInput{Quantity: 3, Price: new(money.New(1, "EUR"))})
	if err != nil || contents(got) != "mug×3@1599 top×1@5000" || got.Version != 2 {
		t.Errorf("%s, %v", contents(got), err)
	}
	if got, err := set(cart.SetQuantityInput{Quantity: 3}); err != nil || got.Version != 2 {
		t.Errorf("the same again: version %d, %v", got.Version, err)
	}
	_, err = set(cart.SetQuantityInput{Quantity: 9, Limit: new(int64(4))})
	wantMeta(t, err, cart.ErrLimited, `{"available":4}`)
	_, err = set(cart.SetQuantityInput{Quantity: 9, Version: 1})
	wantMeta(t, err, cart.ErrStale, `{"version":2}`)
	_, err = set(cart.SetQuantityInput{Quantity: 9, ItemID: "ci_none"})
	wantErr(t, err, cart.ErrItemNotFound)
	_, err = set(cart.SetQuantityInput{Quantity: 10_000})
	wantErr(t, err, fault.ErrInvalid)
	delete(s.list.prices, "eu/mug")
	_, err = set(cart.SetQuantityInput{Quantity: 4})
	wantErr(t, err, cart.ErrNoPrice)
	if got, err := set(cart.SetQuantityInput{Quantity: 1}); err != nil || contents(got) != "mug×1@1599 top×1@5000" {
		t.Errorf("fewer of what is not sold any more: %s, %v", contents(got), err)
	}
	_, err = s.SetQuantity(t.Context(), cart.SetQuantityInput{ID: c.ID, ItemID: mug, Quantity: 1, Price: new(money.New(5, "USD"))})
	wantErr(t, err, cart.ErrStale)
	if got, err := s.SetQuantity(t.Context(), cart.SetQuantityInput{ID: c.ID, ItemID: mug, Quantity: 2, Price: new(money.New(5, "EUR"))}); err != nil || contents(got) != "mug×2@5 top×1@5000" {
		t.Errorf("given price: %s, %v", contents(got), err)
	}

	_, err = s.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: mug, Version: 1})
	wantErr(t, err, cart.ErrStale)
	for _, it := range c.Items {
		if _, err := s.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: it.ID}); err != nil {
			t.Error(err)
		}
		_, err = s.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: it.ID})
		wantErr(t, err, cart.ErrItemNotFound)
	}
	if got := s.stored(c.ID); got.Items == nil || len(got.Items) != 0 {
		t.Errorf("items = %#v, want an empty list", got.Items)
	}
}

// overtake lets somebody else save the cart before the next Save of the engine.
func (s *shop) overtake(id string) {
	s.store.before = func(ctx context.Context) {
		other := s.mustCart(ctx, id)
		if err := s.store.Store.Save(ctx, &other); err != nil {
			s.t.Error(err)
		}
	}
}

func TestOvertaken(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	s.overtake(c.ID)
	got, err := s.Update(t.Context(), cart.UpdateInput{ID: c.ID, Note: op.Some("x")})
	if err != nil || got.Note != "x" {
		t.Errorf("%+v, %v", got, err)
	}

	// Inside somebody's unit trying again is theirs.
	saves := s.store.saves
	err = s.Scope().Do(t.Context(), func(ctx context.Context) error {
		s.overtake(c.ID)
		_, err := s.Update(ctx, cart.UpdateInput{ID: c.ID, Note: op.Some("y")})
		return err
	})
	wantErr(t, err, cart.ErrStale)
	if n := s.store.saves - saves; n != 1 {
		t.Errorf("%d tries, want 1", n)
	}
}

func (s *shop) mustCart(ctx context.Context, id string) cart.Cart {
	s.t.Helper()
	c, err := s.store.Cart(ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}
