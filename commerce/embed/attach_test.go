package embed_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// An event that proves no address gives nobody anything, and is no fault.
func TestNobodyGetsOrders(t *testing.T) {
	w := on(t, buntest.SQLite)
	o := w.Order(cash, one(w.Variant("Mug", 1000, 10)))
	if _, err := w.shop.Accounts.Register(t.Context(), account.RegisterInput{Email: o.Email, Password: "violet otters juggle 7 lanterns"}); err != nil {
		t.Fatal(err)
	}
	found, err := w.shop.Accounts.Customers(t.Context(), account.CustomersInput{Email: o.Email})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("%d customers, %v", len(found.Items), err)
	}
	guests := commerce.GuestOrders{Accounts: w.far.Accounts, Orders: w.far.Orders}
	tell := func(p account.EmailVerifiedV1) event.Envelope {
		return account.EmailVerified.New("evt_1", p.User, w.clock.Now(), p)
	}
	for what, p := range map[string]account.EmailVerifiedV1{
		"not proven": {User: found.Items[0].ID, Kind: account.KindCustomer},
		"of staff":   {User: "stf_1", Kind: account.KindStaff},
		"nobody":     {User: "cus_none", Kind: account.KindCustomer},
		"other kind": {User: found.Items[0].ID, Kind: account.KindStaff},
		"no kind":    {User: found.Items[0].ID},
	} {
		if err := guests.Handle(t.Context(), tell(p)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := w.shop.Orders.Order(t.Context(), order.IDInput{ID: o.ID}); err != nil || got.CustomerID != nil {
		t.Errorf("the order is %v's, %v", got.CustomerID, err)
	}
}
