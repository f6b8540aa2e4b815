package cart_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestCreate(t *testing.T) {
	s := open(t)
	c, err := s.Create(guest(t.Context(), ""), cart.CreateInput{Market: "eu", Currency: "EUR", Locale: "de", Country: "DE", Email: "a@example.com",
		Items: []cart.AddItem{add("mug", 2), add("none", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	at := s.now.Truncate(time.Microsecond)
	want := cart.Cart{ID: c.ID, Status: cart.StatusOpen, Version: 1, Market: "eu", Currency: "EUR", Locale: "de", Country: "DE", Email: "a@example.com",
		Metadata: json.RawMessage(`{}`), Attempt: 1, CreatedAt: at, UpdatedAt: at, ExpiresAt: at.Add(cart.Lifetime),
		Items: []cart.Item{{ID: c.Items[0].ID, VariantID: "mug", Quantity: 2, Price: money.New(1499, "EUR"), Metadata: json.RawMessage(`{}`)}}}
	if !reflect.DeepEqual(c, want) || !reflect.DeepEqual(s.stored(c.ID), want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if !strings.HasPrefix(c.ID, "cart_") || !strings.HasPrefix(c.Items[0].ID, "ci_") {
		t.Errorf("ids %s, %s", c.ID, c.Items[0].ID)
	}
	if len(s.list.asked) != 1 {
		t.Errorf("asked %d times for prices", len(s.list.asked))
	}
	s.wantEvents()
}

func TestCreateRefuses(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		in   cart.CreateInput
		want *fault.Error
		at   string
	}{
		"an id of a guest":    {cart.CreateInput{ID: "mine", Market: "eu", Currency: "EUR"}, fault.ErrDenied, "/id"},
		"unknown currency":    {cart.CreateInput{Market: "eu", Currency: "QQQ"}, fault.ErrInvalid, "/currency"},
		"metadata as a list":  {cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{{VariantID: "mug", Quantity: 1, Metadata: json.RawMessage(`[]`)}}}, fault.ErrInvalid, "/items/0/metadata"},
		"large metadata":      {cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{{VariantID: "mug", Quantity: 1, Metadata: json.RawMessage(`"` + strings.Repeat("x", 16384) + `"`)}}}, fault.ErrInvalid, "/items/0/metadata"},
		"no quantity":         {cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{{VariantID: "mug"}}}, fault.ErrInvalid, "/items/0/quantity"},
		"nothing can be sold": {cart.CreateInput{Market: "eu", Currency: "EUR", Items: []cart.AddItem{add("none", 1)}}, cart.ErrNothingAdded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Create(guest(t.Context(), ""), c.in)
			wantErr(t, err, c.want)
			if f := fault.Public(err); f.Param != c.at {
				t.Errorf("at %q, want %q", f.Param, c.at)
			}
		})
	}
	if s.store.saves != 0 {
		t.Errorf("%d saves", s.store.saves)
	}
}

func TestCreateAgain(t *testing.T) {
	s := open(t)
	ctx := ident.As(customer(t.Context(), "cus_1", ""), "storefront")
	in := cart.CreateInput{ID: "cart_x", Market: "eu", Currency: "EUR", Items: []cart.AddItem{add("mug", 1)}}
	first, err := s.Create(ctx, in)
	if err != nil || first.ID != "cart_x" || first.CustomerID != "cus_1" {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := s.Create(ctx, in)
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("again: %+v, %v", again, err)
	}
	for name, other := range map[string]context.Context{"a guest": ident.As(guest(t.Context(), ""), "storefront"), "another customer": ident.As(customer(t.Context(), "cus_2", ""), "storefront")} {
		if _, err := s.Create(other, in); !errors.Is(err, cart.ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = s.Create(ctx, cart.CreateInput{ID: "cart_x", Market: "us", Currency: "USD"})
	wantErr(t, err, cart.ErrExists)

	// Another id: the open cart answers and takes the items, once for the id.
	in.ID = "cart_y"
	for range 2 {
		if c, err := s.Create(ctx, in); err != nil || c.ID != "cart_x" || contents(c) != "mug×2@1499" || c.Version != 2 {
			t.Errorf("other id: %+v, %v", c, err)
		}
	}
	// Without an id each adds; without items nothing is written.
	if c := s.create(customer(t.Context(), "cus_1", ""), add("mug", 1)); contents(c) != "mug×3@1499" || c.Version != 3 {
		t.Errorf("no id: %+v", c)
	}
	if c := s.create(customer(t.Context(), "cus_1", "")); c.Version != 3 {
		t.Errorf("no items: %+v", c)
	}
	if c, err := s.Create(ctx, cart.CreateInput{Market: "us", Currency: "USD"}); err != nil || c.ID == "cart_x" {
		t.Errorf("other market: %+v, %v", c, err)
	}
}

func TestCreateAtOnceMakesOneCart(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { s.create(customer(t.Context(), "cus_1", ""), add("mug", 1)) })
	}
	wg.Wait()
	c, err := s.Mine(customer(t.Context(), "cus_1", ""), cart.MineInput{})
	if err != nil || contents(c) != "mug×8@1499" {
		t.Errorf("%s, %v", contents(c), err)
	}
}

func TestCreateWhileAnotherDoes(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	var first cart.Cart
	s.store.onOpenOf = func() { first = s.create(ctx, add("top", 1)) }
	if c := s.create(ctx, add("mug", 1)); c.ID != first.ID || contents(c) != "top×1@5000 mug×1@1499" {
		t.Errorf("%+v, want the first one with both", c)
	}
	s.store.onOpenOf = func() {
		if _, err := s.Delete(ctx, cart.IDInput{ID: first.ID}); err != nil {
			t.Error(err)
		}
	}
	if c := s.create(ctx, add("mug", 1)); c.ID == first.ID || contents(c) != "mug×1@1499" {
		t.Errorf("%+v, want a new one", c)
	}
}

func TestOwnership(t *testing.T) {
	s := open(t)
	g, own := s.create(guest(t.Context(), "")), s.create(customer(t.Context(), "cus_1", ""))
	token := s.Token(g)
	if s.Token(own) != "" {
		t.Error("a customer's cart has a token")
	}
	forged := ident.Token([]byte("secret"), own.ID, own.Epoch)
	for name, c := range map[string]struct {
		ctx         context.Context
		guest, mine bool // may open
	}{
		"the guest":                {guest(t.Context(), token), true, false},
		"another guest":            {guest(t.Context(), ""), false, false},
		"a guest with a wrong one": {guest(t.Context(), token[1:]+"x"), false, false},
		"a guest with its token":   {guest(t.Context(), forged), false, false},
		"the customer":             {customer(t.Context(), "cus_1", ""), false, true},
		"the customer with both":   {customer(t.Context(), "cus_1", token), true, true},
		"another customer":         {customer(t.Context(), "cus_2", ""), false, false},
		"nobody":                   {customer(t.Context(), "", ""), false, false},
		"a service":                {ident.As(guest(t.Context(), ""), "storefront"), true, true},
		"the program":              {t.Context(), true, true},
		"staff without the scope":  {staff(t.Context(), "orders:read"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []struct {
				id  string
				may bool
			}{{g.ID, c.guest}, {own.ID, c.mine}} {
				want := error(nil)
				if !k.may {
					want = cart.ErrNotFound
				}
				_, err := s.Cart(c.ctx, cart.IDInput{ID: k.id})
				wantErr(t, err, want)
				_, err = s.Update(c.ctx, cart.UpdateInput{ID: k.id, Note: op.Some(name)})
				wantErr(t, err, want)
				_, err = s.AddItems(c.ctx, cart.AddItemsInput{ID: k.id, Items: []cart.AddItem{add("mug", 1)}})
				wantErr(t, err, want)
				_, none := s.Cart(c.ctx, cart.IDInput{ID: "none"})
				if !k.may && !reflect.DeepEqual(fault.Public(err), fault.Public(none)) {
					t.Errorf("a foreign cart answers %#v, none %#v", err, none)
				}
			}
		})
	}
	for _, id := range []string{g.ID, own.ID} {
		ctx := staff(t.Context(), "carts:read")
		if _, err := s.Cart(ctx, cart.IDInput{ID: id}); err != nil {
			t.Errorf("staff read: %v", err)
		}
		_, err := s.Delete(ctx, cart.IDInput{ID: id})
		wantErr(t, err, cart.ErrNotFound)
	}
	for name, ctx := range map[string]context.Context{"guest": guest(t.Context(), token), "customer": customer(t.Context(), "cus_1", ""), "staff": staff(t.Context(), "*")} {
		want := fault.ErrDenied
		if name == "guest" {
			want = fault.ErrUnauthenticated
		}
		_, err := s.Close(ctx, cart.CloseInput{ID: g.ID, Key: "k"})
		wantErr(t, err, want)
		_, err = s.Reopen(ctx, cart.CloseInput{ID: g.ID, Key: "k"})
		wantErr(t, err, want)
	}
}

func TestMine(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	_, err := s.Mine(ctx, cart.MineInput{})
	wantErr(t, err, cart.ErrNotFound)
	eu := s.create(ctx)
	s.now = s.now.Add(time.Second)
	us, err := s.Create(ctx, cart.CreateInput{Market: "us", Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	for market, want := range map[string]string{"": us.ID, "eu": eu.ID, "us": us.ID} {
		if c, err := s.Mine(ident.As(ctx, "storefront"), cart.MineInput{Market: market}); err != nil || c.ID != want {
			t.Errorf("mine in %q = %s, %v; want %s", market, c.ID, err, want)
		}
	}
	_, err = s.Mine(guest(t.Context(), ""), cart.MineInput{})
	wantErr(t, err, fault.ErrUnauthenticated)
	_, err = s.Mine(staff(t.Context(), "*"), cart.MineInput{})
	wantErr(t, err, fault.ErrDenied)
}

func TestUpdate(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	in := cart.UpdateInput{ID: c.ID, Version: 1, Email: op.Some("a@example.com"), Note: op.Some("ring twice"), Metadata: op.Some(json.RawMessage(`{"b": 1, "a": 2}`))}
	s.now = s.now.Add(time.Hour)
	got, err := s.Update(t.Context(), in)
	if err != nil || got.Email != "a@example.com" || got.Note != "ring twice" || string(got.Metadata) != `{"a":2,"b":1}` || got.Version != 2 ||
		!got.UpdatedAt.Equal(c.UpdatedAt.Add(time.Hour)) || !got.ExpiresAt.Equal(got.UpdatedAt.Add(cart.Lifetime)) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.Update(t.Context(), in)
	wantMeta(t, err, cart.ErrStale, `{"version":2}`)
	in.Version = 0
	if got, err := s.Update(t.Context(), in); err != nil || got.Version != 2 {
		t.Errorf("the same again: %+v, %v", got, err)
	}
	var null cart.UpdateInput
	if err := json.Unmarshal([]byte(`{"email":null,"metadata":null}`), &null); err != nil {
		t.Fatal(err)
	}
	null.ID = c.ID
	if got, err := s.Update(t.Context(), null); err != nil || got.Email != "" || got.Note != "ring twice" || string(got.Metadata) != `{}` {
		t.Errorf("cleared: %+v, %v", got, err)
	}
	for at, bad := range map[string]cart.UpdateInput{
		"/currency":  {ID: c.ID, Currency: op.Some[money.Currency]("USD")},
		"/market":    {ID: c.ID, Market: op.Some("")},
		"/metadata":  {ID: c.ID, Metadata: op.Some(json.RawMessage(`7`))},
		"/email":     {ID: c.ID, Email: op.Some("nobody")},
		"/prices/ci": {ID: c.ID, Market: op.Some("us"), Currency: op.Some[money.Currency]("USD"), Prices: map[string]money.Amount{"ci": money.New(1, "EUR")}},
	} {
		_, err := s.Update(t.Context(), bad)
		wantErr(t, err, fault.ErrInvalid)
		if f := fault.Public(err); f.Param != at {
			t.Errorf("at %s, want %s", f.Param, at)
		}
	}
	_, err = s.Update(t.Context(), cart.UpdateInput{ID: c.ID, Market: op.Some("us")})
	wantErr(t, err, fault.ErrInvalid)
}

func TestUpdateMarket(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	c := s.create(ctx, add("mug", 1), add("top", 2))
	to := func(ctx context.Context, market string, c money.Currency, prices map[string]money.Amount) (cart.Cart, error) {
		mine, err := s.Mine(customer(t.Context(), "cus_1", ""), cart.MineInput{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Update(ctx, cart.UpdateInput{ID: mine.ID, Market: op.Some(market), Currency: op.Some(c), Prices: prices})
	}
	got, err := to(ctx, "us", "USD", map[string]money.Amount{c.Items[0].ID: money.New(1, "USD")}) // not the customer's to say
	if err != nil || got.Market != "us" || got.Currency != "USD" || contents(got) != "mug×1@1799 top×2@0" || got.Items[1].Price.Currency != "USD" {
		t.Errorf("asked: %+v, %v", got, err)
	}
	got, err = to(t.Context(), "jp", "JPY", map[string]money.Amount{c.Items[1].ID: money.New(7, "JPY")})
	if err != nil || contents(got) != "mug×1@0 top×2@7" {
		t.Errorf("given: %s, %v", contents(got), err)
	}
	asked := len(s.list.asked)
	if same, err := to(ctx, "jp", "JPY", nil); err != nil || same.Version != got.Version || len(s.list.asked) != asked {
		t.Errorf("same market: %+v, %v", same, err)
	}
	// An item that comes in while prices are asked for is priced too.
	s.list.after = func() {
		if _, err := s.AddItems(t.Context(), cart.AddItemsInput{ID: c.ID, Items: []cart.AddItem{{VariantID: "late", Quantity: 1, Price: new(money.New(3, "JPY"))}}}); err != nil {
			t.Error(err)
		}
	}
	s.list.prices["eu/late"] = money.New(4, "EUR")
	if got, err := to(ctx, "eu", "EUR", nil); err != nil || contents(got) != "mug×1@1499 top×2@5000 late×1@4" {
		t.Errorf("late item: %s, %v", contents(got), err)
	}
	if other := s.create(ctx); other.ID != c.ID {
		t.Fatal("the open key did not move")
	}
	if _, err := s.Create(ctx, cart.CreateInput{Market: "us", Currency: "USD"}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Update(ctx, cart.UpdateInput{ID: c.ID, Market: op.Some("us"), Currency: op.Some[money.Currency]("USD")})
	wantErr(t, err, cart.ErrTaken)
	if got := s.stored(c.ID); got.Market != "eu" || got.Items[0].Price.Currency != "EUR" {
		t.Errorf("after a refusal: %+v", got)
	}
}

func TestAddressAndOption(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	a := address.Address{Name: "Ada", Line1: "1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	b := a
	b.Name = "Grace"
	for range 2 {
		if _, err := s.SetAddress(t.Context(), cart.SetAddressInput{ID: c.ID, Kind: "shipping", Address: a}); err != nil {
			t.Error(err)
		}
		if _, err := s.SetAddress(t.Context(), cart.SetAddressInput{ID: c.ID, Kind: "billing", Address: b}); err != nil {
			t.Error(err)
		}
		if _, err := s.SetShippingOption(t.Context(), cart.SetShippingOptionInput{ID: c.ID, OptionID: "so_1"}); err != nil {
			t.Error(err)
		}
	}
	got := s.stored(c.ID)
	if *got.Shipping != a || *got.Billing != b || got.ShippingOption != "so_1" || got.Version != 4 {
		t.Errorf("%+v", got)
	}
	_, err := s.SetAddress(t.Context(), cart.SetAddressInput{ID: c.ID, Kind: "home", Address: a})
	wantErr(t, err, fault.ErrInvalid)
	_, err = s.SetAddress(t.Context(), cart.SetAddressInput{ID: c.ID, Kind: "billing", Version: 1, Address: a})
	wantMeta(t, err, cart.ErrStale, `{"version":4}`)
	_, err = s.SetShippingOption(t.Context(), cart.SetShippingOptionInput{ID: c.ID, Version: 1, OptionID: "so_2"})
	wantMeta(t, err, cart.ErrStale, `{"version":4}`)
}
