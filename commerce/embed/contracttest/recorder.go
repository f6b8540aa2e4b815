package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// recorder is a Caller that remembers what really came back: not what a case
// means to provoke, but what was answered, decides what is covered.
type recorder struct {
	caller op.Caller

	mu   sync.Mutex
	seen map[string]bool // "cart.update ok", "cart.update cart.closed"
	bad  []string        // what was answered and must not be
}

const success = "ok"

// Call implements op.Caller.
func (r *recorder) Call(ctx context.Context, name string, in, out any) error {
	return r.note(name, r.caller.Call(ctx, name, in, out))
}

// through is another way to the shop, of whose answers rec takes note too.
type through struct {
	rec *recorder
	op.Caller
}

// Call implements op.Caller.
func (t through) Call(ctx context.Context, name string, in, out any) error {
	return t.rec.note(name, t.Caller.Call(ctx, name, in, out))
}

// note remembers what an operation has answered, and returns it.
func (r *recorder) note(name string, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.seen[name+" "+success] = true
		return nil
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		r.bad = append(r.bad, fmt.Sprintf("%s: an internal error: %v", name, err))
		return err
	}
	r.seen[name+" "+f.Code] = true
	if why := misshapen(f); why != "" {
		r.bad = append(r.bad, fmt.Sprintf("%s: %s: %s", name, f.Code, why))
	}
	return err
}

// missing returns what none of all has answered yet and should have: a success
// and each error that it declares.
func (r *recorder) missing(all []op.Handler) (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range all {
		for _, want := range append([]string{success}, codes(h.Fails)...) {
			if !r.seen[h.Name+" "+want] {
				out = append(out, h.Name+" "+want)
			}
		}
	}
	return out
}

// wrong returns what was answered and must not be: what an operation has not
// declared, and what does not carry what it says.
func (r *recorder) wrong() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out = slices.Clone(r.bad)
	for _, h := range operations() {
		for seen := range r.seen {
			if name, code, _ := strings.Cut(seen, " "); name == h.Name && code != success && !declares(h, code) {
				out = append(out, fmt.Sprintf("%s answers %s and does not declare it", h.Name, code))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func codes(fails []*fault.Error) (out []string) {
	for _, f := range fails {
		out = append(out, f.Code)
	}
	return out
}

// moves is the meta of refused changes of state.
type moves struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// metas are what errors carry as Meta, by code. Those that are not here need
// not carry any.
var metas = map[string]any{
	catalog.ErrSKUTaken.Code:             map[string]string{},
	catalog.ErrProductStale.Code:         map[string]int64{},
	inventory.ErrNotAllocated.Code:       inventory.Short{},
	inventory.ErrBelowReserved.Code:      inventory.Promised{},
	inventory.ErrLevelChanged.Code:       inventory.Counted{},
	pricing.ErrTotalChanged.Code:         pricing.Changed{},
	pricing.ErrPromotionStale.Code:       pricing.Current{},
	pricing.ErrLimitBelowUses.Code:       pricing.Uses{},
	pricing.ErrCodeRejected.Code:         pricing.Rejected{},
	cart.ErrClosed.Code:                  cart.Closed{},
	cart.ErrStale.Code:                   cart.Current{},
	order.ErrStale.Code:                  map[string]int64{},
	order.ErrIllegal.Code:                moves{},
	order.ErrIllegalFulfillment.Code:     moves{},
	account.ErrWeakPassword.Code:         map[string]string{},
	account.ErrBookFull.Code:             map[string]int{},
	notification.ErrUnderWay.Code:        map[string]string{},
	order.ErrNoUnits.Code:                map[string]any{},
	payment.ErrMethodUnknown.Code:        map[string][]string{},
	payment.ErrBelowMinimum.Code:         map[string]money.Amount{},
	payment.ErrIllegal.Code:              moves{},
	payment.ErrTooMuch.Code:              map[string]money.Amount{},
	payment.ErrGiftCardUnusable.Code:     payment.Unusable{},
	checkout.ErrTotalChanged.Code:        checkout.TotalChange{},
	checkout.ErrNotPayable.Code:          map[string]string{},
	account.ErrScopeUnknown.Code:         map[string][]string{},
	storefront.ErrVariantUnknown.Code:    map[string]string{},
	storefront.ErrOptionUnavailable.Code: map[string][]string{},
}

// misshapen says what is wrong with what an error carries, "" when nothing is.
func misshapen(f *fault.Error) string {
	switch {
	case f.Text == "":
		return "it has no text"
	case f.Code == inventory.ErrInsufficient.Code:
		return either(f.Meta, inventory.Short{}, cart.Available{})
	case f.Code == cart.ErrNothingAdded.Code && len(f.Errors) == 0, f.Code == checkout.ErrIncomplete.Code && len(f.Errors) == 0:
		return "it lists nothing"
	}
	if meta, ok := metas[f.Code]; ok {
		return either(f.Meta, meta)
	}
	return ""
}

// either says what is wrong with meta unless it is one of kinds.
func either(meta json.RawMessage, kinds ...any) string {
	for _, k := range kinds {
		dec := json.NewDecoder(bytes.NewReader(meta))
		dec.DisallowUnknownFields()
		if len(meta) > 0 && dec.Decode(reflect.New(reflect.TypeOf(k)).Interface()) == nil {
			return ""
		}
	}
	return fmt.Sprintf("its meta %s is none of %v", meta, kinds)
}
