package checkout_test

import (
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"

	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
)

// What a plan says is what canceling does, and a plan does nothing.
func TestPlanCancel(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		mug := s.Variant("Mug", 1000, 9)
		for method, from := range map[string]order.Status{"cash_on_delivery": order.StatusConfirmed, "bank_transfer": order.StatusPending} {
			o := s.Order(method, line(mug, 2))
			before := s.Available(mug)
			want := checkout.Cancellation{OrderID: o.ID, Number: o.Number, From: from, To: order.StatusCanceled,
				Released: []checkout.Released{{VariantID: mug, LocationID: "main", Quantity: 2}},
				Voided:   []checkout.Voided{{PaymentID: o.Payment.ID, Method: method, Status: string(payment.StatusOpen), Amount: o.Totals.Total}}}
			for range 2 {
				if got := s.planned(t, o.ID); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: planned %+v, want %+v", method, got, want)
				}
			}
			if now := s.order(t, o.ID); now.Version != o.Version || s.Available(mug) != before {
				t.Errorf("%s: the plan changed the order to version %d, and stock to %d", method, now.Version, s.Available(mug))
			}
			if _, err := s.Shop.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID}); err != nil {
				t.Fatal(err)
			}
			if got := s.Available(mug); got != before+2 {
				t.Errorf("%s: %d are available, want the 2 more that were planned", method, got-before)
			}
			if got := s.planned(t, o.ID); got.From != order.StatusCanceled || len(got.Released)+len(got.Voided) > 0 {
				t.Errorf("%s: of a canceled order is planned %+v", method, got)
			}
		}
		paid := s.Order(card, line(mug, 1))
		if got := s.planned(t, paid.ID); got.Refund == nil || got.Refund.Amount != paid.Totals.Total || len(got.Voided) > 0 {
			t.Errorf("of a paid order is planned %+v", got)
		}
		parcel := s.Order("invoice", line(mug, 1))
		if _, err := s.Shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: parcel.ID}); err != nil {
			t.Fatal(err)
		}
		s.notPlanned(t, parcel.ID, order.ErrInFulfillment)
		s.notPlanned(t, "ord_none", order.ErrNotFound)
		if _, err := s.Shop.Checkout.PlanCancel(shoptest.Staff(t.Context(), "stock:write"), order.IDInput{ID: parcel.ID}); fault.KindOf(err) != fault.Denied {
			t.Errorf("a plan for who may not read orders: %v", err)
		}
		shoptest.Audit(t, s.Shop)
	})
}

func (s *shop) planned(t *testing.T, id string) checkout.Cancellation {
	t.Helper()
	got, err := s.Shop.Checkout.PlanCancel(t.Context(), order.IDInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Voided {
		if got.Voided[i].Amount == (money.Amount{}) {
			t.Error("a payment of nothing would be voided")
		}
	}
	return got
}

func (s *shop) notPlanned(t *testing.T, id string, want error) {
	t.Helper()
	_, err := s.Shop.Checkout.PlanCancel(t.Context(), order.IDInput{ID: id})
	wantErr(t, err, want)
}
