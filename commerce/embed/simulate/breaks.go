package simulate

import (
	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// breaks put something in place of a part that guards an invariant. Only tests
// of this package have them: a simulator that has never found anything promises
// nothing.
type breaks struct {
	stores   func(w *world, s commerce.Stores) commerce.Stores
	services func(w *world, s *commerce.Shop)
	bank     func(w *world, p Bank) payment.Provider
	people   func(w *world) // who come besides the others
	noInbox  bool
	deaf     bool // the listing does not hear of stock
	keys     func(s idem.Store) idem.Store
}
