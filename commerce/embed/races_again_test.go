package embed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// posts completes a cart over HTTP as its guest.
func posts(ctx context.Context, h http.Handler, c storefront.Cart, method, key string) *httptest.ResponseRecorder {
	body := fmt.Sprintf(`{"expected_total":{"amount":%d,"currency":"USD"},"payment":{"method":%q}}`, c.Totals.Total.Minor, method)
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/carts/"+c.ID+"/complete", strings.NewReader(body))
	req.Header = http.Header{"Content-Type": {"application/json"}, "Cart-Token": {c.Token}, "Idempotency-Key": {key}}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// C01, C09: one cart and one key, sixteen times at once over HTTP: each has the
// order, or is told when to come again; later the same answer comes back and says
// so, and when it is forgotten there is still that order.
func TestClicksOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.serve()
		c := w.Cart(one(w.Variant("Mug", 1000, 10)))
		var mu sync.Mutex
		said := map[string]int{}
		together(16, func(int) {
			rec := posts(t.Context(), h, c, card, "a-click-of-the-shopper")
			if rec.Code == http.StatusCreated {
				mu.Lock()
				defer mu.Unlock()
				said[rec.Body.String()]++
			} else if rec.Code != http.StatusConflict || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), `"idempotency.in_flight"`) {
				t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
			}
		})
		again := posts(t.Context(), h, c, card, "a-click-of-the-shopper")
		said[again.Body.String()]++
		if again.Code != http.StatusCreated || again.Header().Get("Idempotent-Replayed") != "true" || len(said) != 1 {
			t.Errorf("again: %d %v; %d different answers", again.Code, again.Header(), len(said))
		}
		var first, later order.Order
		if err := json.Unmarshal(again.Body.Bytes(), &first); err != nil {
			t.Fatal(err)
		}
		w.charged(t, first)
		w.clock.Advance(100 * time.Hour)
		if err := w.shop.RunJob(t.Context(), "idem.prune"); err != nil || w.count("{idem}") != 0 {
			t.Fatalf("%d keys are kept, %v", w.count("{idem}"), err)
		}
		rec := posts(t.Context(), h, c, card, "a-click-of-the-shopper")
		if err := json.Unmarshal(rec.Body.Bytes(), &later); err != nil || rec.Code != http.StatusCreated || later.ID != first.ID || rec.Header().Get("Idempotent-Replayed") != "" {
			t.Errorf("after the key is forgotten: %d %s, %v", rec.Code, rec.Body, err)
		}
		if n := w.orders(); n != 1 {
			t.Errorf("%d orders", n)
		}
		w.charged(t, first)
	})
}

// C17: the shopper's connection breaks at some moment. It is all or nothing, and
// asking again finds the order.
func TestShopperHangsUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h, mug, n := w.serve(), w.Variant("Mug", 1000, 100), scaled(10, 100)
		for i, c := range w.carts(n, one(mug)) {
			ctx, hangUp := context.WithCancel(t.Context())
			timer := time.AfterFunc(time.Duration(rand.Int64N(int64(20*time.Millisecond))), hangUp)
			broken := posts(ctx, h, c, card, "click-of-a-shopper-"+c.ID)
			timer.Stop()
			hangUp()
			w.clock.Advance(2 * time.Minute) // whoever was in the middle of it does not come back
			rec := posts(t.Context(), h, c, card, "click-of-a-shopper-"+c.ID)
			if rec.Code != http.StatusCreated {
				t.Errorf("%d, after %d: %s", rec.Code, broken.Code, rec.Body)
			}
			var o order.Order
			if err := json.Unmarshal(rec.Body.Bytes(), &o); err != nil {
				t.Fatal(err)
			}
			if o.CartID != c.ID || o.PaymentStatus != order.PayPaid || w.orders() != int64(i+1) || len(w.intent(o).Captures) != 1 {
				t.Errorf("order %s of %s is %s; %d orders of %d carts", o.ID, o.CartID, o.PaymentStatus, w.orders(), i+1)
			}
		}
		if got := w.Available(mug); got != int64(100-n) {
			t.Errorf("%d available", got)
		}
	})
}

// C13: what a cart has is not sold any more, or taxed otherwise, when it is
// completed. The shopper is told what, and nothing is done.
func TestChangedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		productOf := func(variant string) string {
			of, err := w.far.Catalog.Variants(ctx, catalog.VariantsInput{IDs: []string{variant}})
			if err != nil || len(of.Items) != 1 {
				t.Fatal(err)
			}
			return of.Items[0].ProductID
		}
		for name, c := range map[string]struct {
			change func(variant string) error
			want   error
			item   string // what is listed, or else the meta has it
		}{
			"unpublished": {func(variant string) error {
				_, err := w.far.Catalog.UpdateProduct(ctx, catalog.UpdateProductInput{ID: productOf(variant), Status: op.Some(catalog.StatusDraft)})
				return err
			}, checkout.ErrIncomplete, "/items/0"},
			"deleted": {func(variant string) error {
				_, err := w.far.Catalog.DeleteProduct(ctx, catalog.IDInput{ID: productOf(variant)})
				return err
			}, checkout.ErrIncomplete, "/items/0"},
			"taxed": {func(string) error {
				_, err := w.far.Pricing.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "VAT", Country: "DE", Rate: 190_000})
				return err
			}, checkout.ErrTotalChanged, ""},
		} {
			mug, cup := w.Variant("Mug", 1000, 5), w.Variant("Cup", 500, 5)
			own := w.Cart(one(mug), one(cup))
			if err := c.change(mug); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, err := w.complete(own, card, "")
			lost(t, err, c.want)
			f := fault.Public(err)
			listed := slices.ContainsFunc(f.Errors, func(i fault.Item) bool { return i.Param == c.item })
			if f.Kind.Status() != http.StatusConflict || c.item != "" && !listed || c.item == "" && !strings.Contains(string(f.Meta), `"actual":{"amount":1785,`) {
				t.Errorf("%s: %v lists %+v, with %s", name, err, f.Errors, f.Meta)
			}
			if n := w.orders(); n != 0 || w.Available(cup) != 5 || w.count("{reservation}") != 0 {
				t.Errorf("%s: %d orders, %d available", name, n, w.Available(cup))
			}
		}
		if all, err := w.bank.Intents(); err != nil || len(all) != 0 {
			t.Errorf("%d intents, %v", len(all), err)
		}
	})
}
