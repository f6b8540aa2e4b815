package shoptest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// The first tests are what a test of a program with a shop in it looks like. The
// program is this function: it lets what was bought be downloaded.
func download(ctx context.Context, shop *commerce.Shop, orderID string) (string, error) {
	o, err := shop.Orders.Order(ctx, order.IDInput{ID: orderID})
	if err != nil {
		return "", err
	}
	if o.Status != order.StatusConfirmed {
		return "", errors.New("the order is " + string(o.Status))
	}
	return "/files/" + o.Items[0].VariantID, nil
}

func TestDownload(t *testing.T) {
	shop := shoptest.Open(t, nil)
	book := shop.Variant("A Book", 1999, 10)
	o := shop.Order(offlinepay.CashOnDelivery, shoptest.Line{Variant: book, Quantity: 1})

	got, err := download(t.Context(), shop.Shop.Shop, o.ID)
	if want := "/files/" + book; err != nil || got != want {
		t.Errorf("download = %q, %v; want %q", got, err, want)
	}
	shoptest.Audit(t, shop.Shop.Shop)
}

// Time passes when the test says so, and periodic work is done when it says so:
// nothing sleeps.
func TestDownloadOfWhatIsNeverPaid(t *testing.T) {
	shop := shoptest.Open(t, nil)
	book := shop.Variant("A Book", 1999, 10)
	o := shop.Order(offlinepay.BankTransfer, shoptest.Line{Variant: book, Quantity: 3})
	if _, err := download(t.Context(), shop.Shop.Shop, o.ID); err == nil {
		t.Error("a book that nobody has paid was given away")
	}
	if got := shop.Available(book); got != 7 {
		t.Errorf("%d books are available while three are held, want 7", got)
	}

	shop.Clock.Advance(30 * 24 * time.Hour)
	if err := shop.RunJob(t.Context(), "checkout.expire"); err != nil {
		t.Fatal(err)
	}
	if _, err := download(t.Context(), shop.Shop.Shop, o.ID); err == nil || err.Error() != "the order is canceled" {
		t.Errorf("err = %v, want that of a canceled order", err)
	}
	if got := shop.Available(book); got != 10 {
		t.Errorf("%d books are available afterwards, want 10", got)
	}
	shoptest.Audit(t, shop.Shop.Shop)
}

// Lists are made from events: Drain carries them there.
func TestProductsAreListed(t *testing.T) {
	shop := shoptest.Open(t, nil)
	shop.Variant("A Book", 1999, 10)
	if err := shop.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := shop.Storefront.Products(t.Context(), storefront.ProductsInput{})
	if err != nil || len(list.Items) != 1 || !strings.Contains(string(list.Items[0]), `"title":"A Book"`) {
		t.Errorf("products %s, %v; want the book", list.Items, err)
	}
}

// What follows tests the factories themselves.

func TestFactories(t *testing.T) {
	shop := shoptest.Open(t, nil)
	a, b := shop.Variant("Thing", 1000, 5), shop.Variant("Thing", 250, 1)
	if a == b {
		t.Error("two products are one")
	}
	shop.Stock(b, 4)
	shop.Price(b, 300)
	c := shop.Cart(shoptest.Line{Variant: a, Quantity: 2}, shoptest.Line{Variant: b, Quantity: 4})
	if c.Token == "" || len(c.Requirements) > 0 || c.Totals.Subtotal != shoptest.USD(3200) {
		t.Errorf("cart with token %q lacks %v and costs %v, want nothing and USD 32.00", c.Token, c.Requirements, c.Totals.Subtotal)
	}
	p, err := shop.Complete(c, offlinepay.CashOnDelivery)
	if err != nil || p.AccessToken == "" || p.CartID != c.ID {
		t.Errorf("placed %+v, %v", p, err)
	}
	if got := shop.Available(b); got != 0 {
		t.Errorf("%d available, want 0", got)
	}
	if _, err := shop.Complete(shop.Cart(shoptest.Line{Variant: a, Quantity: 1}), "beads"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("paid with beads: %v", err)
	}
	if !p.PlacedAt.Equal(shop.Clock.Now()) {
		t.Errorf("placed at %v, the clock shows %v", p.PlacedAt, shop.Clock.Now())
	}
	shoptest.Audit(t, shop.Shop.Shop)
}

func TestCallers(t *testing.T) {
	shop := shoptest.Open(t, nil)
	c := shop.Cart(shoptest.Line{Variant: shop.Variant("Thing", 1000, 5), Quantity: 1})
	ctx := t.Context()
	in := cart.IDInput{ID: c.ID}
	if _, err := shop.Storefront.Cart(shoptest.Guest(ctx, c), in); err != nil {
		t.Errorf("the guest who holds the token: %v", err)
	}
	if _, err := shop.Storefront.Cart(shoptest.Guest(ctx, storefront.Cart{}), in); !errors.Is(err, cart.ErrNotFound) {
		t.Errorf("another guest: %v, want ErrNotFound", err)
	}
	levels := inventory.LevelsInput{}
	if _, err := shop.Inventory.Levels(shoptest.Staff(ctx, "stock:read"), levels); err != nil {
		t.Errorf("staff who may: %v", err)
	}
	if _, err := shop.Inventory.Levels(shoptest.Staff(ctx, "orders:read"), levels); fault.KindOf(err) != fault.Denied {
		t.Errorf("staff who may not: %v, want denied", err)
	}
}

func TestOpenKeepsOptions(t *testing.T) {
	clock := shoptest.NewClock(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	shop := shoptest.Open(t, &embed.Options{Now: clock.Now, Name: "Books", Currency: "USD", Country: "DE"})
	o := shop.Order(offlinepay.Invoice, shoptest.Line{Variant: shop.Variant("Thing", 1000, 5), Quantity: 1})
	if !o.PlacedAt.Equal(clock.Now()) {
		t.Errorf("placed at %v, want %v", o.PlacedAt, clock.Now())
	}
}

// TestAuditFindsFaults shows Audit a shop that lies in one thing at a time.
func TestAuditFindsFaults(t *testing.T) {
	shop := shoptest.Open(t, nil)
	v := shop.Variant("Thing", 1000, 5)
	shop.Order(offlinepay.CashOnDelivery, shoptest.Line{Variant: v, Quantity: 1})
	for want, l := range map[string]liar{
		"":                   {},
		"the totals say":     {order: func(o *order.Order) { o.Totals.Tax.Minor++ }},
		"the parts make":     {order: func(o *order.Order) { o.Totals.Total.Minor++ }},
		"costs":              {order: func(o *order.Order) { o.Items[0].Quantity++ }},
		"a history up to":    {order: func(o *order.Order) { o.Version++ }},
		"still has payment":  {order: func(o *order.Order) { o.Status = order.StatusCanceled }},
		"its stock is":       {order: func(o *order.Order) { o.Status = order.StatusCanceled }},
		"its ledger says":    {payment: func(p *payment.Payment) { p.Captured.Minor++ }},
		"its movements make": {level: func(l *inventory.Level) { l.OnHand++ }},
		"orders keep":        {level: func(l *inventory.Level) { l.Reserved++ }},
		"are reserved with":  {level: func(l *inventory.Level) { l.Reserved += 9 }},
	} {
		found := &findings{TB: t}
		shoptest.Audit(found, l.in(shop.Shop.Shop))
		if got := strings.Join(found.said, "\n"); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("audit says %q, want %q in it", got, want)
		}
	}
}

// findings are what a test would fail of.
type findings struct {
	testing.TB
	said []string
}

func (f *findings) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

// liar changes what services answer.
type liar struct {
	order   func(*order.Order)
	payment func(*payment.Payment)
	level   func(*inventory.Level)
}

type (
	orders struct {
		order.Service
		lie func(*order.Order)
	}
	payments struct {
		payment.Service
		lie func(*payment.Payment)
	}
	stock struct {
		inventory.Service
		lie func(*inventory.Level)
	}
)

func (l liar) in(shop *commerce.Shop) *commerce.Shop {
	out := *shop
	if l.order != nil {
		out.Orders = orders{shop.Orders, l.order}
	}
	if l.payment != nil {
		out.Payments = payments{shop.Payments, l.payment}
	}
	if l.level != nil {
		out.Inventory = stock{shop.Inventory, l.level}
	}
	return &out
}

func (o orders) Orders(ctx context.Context, in order.OrdersInput) (page.Page[order.Order], error) {
	out, err := o.Service.Orders(ctx, in)
	for i := range out.Items {
		o.lie(&out.Items[i])
	}
	return out, err
}

func (p payments) Payments(ctx context.Context, in payment.OrdersInput) (payment.PaymentsOutput, error) {
	out, err := p.Service.Payments(ctx, in)
	for i := range out.Items {
		p.lie(&out.Items[i])
	}
	return out, err
}

func (s stock) Levels(ctx context.Context, in inventory.LevelsInput) (page.Page[inventory.Level], error) {
	out, err := s.Service.Levels(ctx, in)
	for i := range out.Items {
		s.lie(&out.Items[i])
	}
	return out, err
}
