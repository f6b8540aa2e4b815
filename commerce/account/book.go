package account

import (
	"context"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// MaxAddresses is how many addresses a customer keeps at most.
const MaxAddresses = 50

// SavedAddress is an address in somebody's book.
type SavedAddress struct {
	ID string `json:"id"` // "adr_…"
	address.Address
	DefaultShipping bool      `json:"default_shipping"`
	DefaultBilling  bool      `json:"default_billing"`
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
}

// Book is all addresses of a customer in the order of their making. Of a book
// that is not empty one address is the default for shipping, and one for
// billing.
type Book struct {
	UserID    string         `json:"user_id"`
	Version   int64          `json:"version"` // 0 is not saved yet
	Addresses []SavedAddress `json:"addresses"`
}

func (b Book) find(id string) int {
	return slices.IndexFunc(b.Addresses, func(a SavedAddress) bool { return a.ID == id })
}

// settle makes the defaults one each: the address at i if it says so, or else
// those that were, or else the first.
func (b *Book) settle(i int) {
	settle(b.Addresses, i, func(a *SavedAddress) *bool { return &a.DefaultShipping })
	settle(b.Addresses, i, func(a *SavedAddress) *bool { return &a.DefaultBilling })
}

func settle(all []SavedAddress, i int, flag func(*SavedAddress) *bool) {
	chosen := 0
	for j := range all {
		if *flag(&all[j]) {
			chosen = j
		}
	}
	if i >= 0 && *flag(&all[i]) {
		chosen = i
	}
	for j := range all {
		*flag(&all[j]) = j == chosen
	}
}

func (b *Book) add(a SavedAddress) error {
	if len(b.Addresses) >= MaxAddresses {
		return ErrBookFull.With(map[string]int{"limit": MaxAddresses})
	}
	b.Addresses = append(b.Addresses, a)
	b.settle(len(b.Addresses) - 1)
	return nil
}

func (b *Book) remove(id string) error {
	i := b.find(id)
	if i < 0 {
		return ErrAddressNotFound
	}
	b.Addresses = slices.Delete(b.Addresses, i, i+1)
	b.settle(-1)
	return nil
}

// edit changes an address by what in says and returns it.
func (b *Book) edit(in UpdateAddressInput, now time.Time) (SavedAddress, error) {
	i := b.find(in.ID)
	if i < 0 {
		return SavedAddress{}, ErrAddressNotFound
	}
	a := &b.Addresses[i]
	if err := stays("/default_shipping", a.DefaultShipping, in.DefaultShipping); err != nil {
		return SavedAddress{}, err
	}
	if err := stays("/default_billing", a.DefaultBilling, in.DefaultBilling); err != nil {
		return SavedAddress{}, err
	}
	a.Address, a.UpdatedAt = in.over(a.Address), now
	a.DefaultShipping, a.DefaultBilling = in.DefaultShipping.Or(a.DefaultShipping), in.DefaultBilling.Or(a.DefaultBilling)
	if err := check.Struct(a.Address); err != nil {
		return SavedAddress{}, err
	}
	b.settle(i)
	return b.Addresses[i], nil
}

// stays refuses to take a default away without giving it to another address.
func stays(field string, is bool, to op.Maybe[bool]) error {
	if is && to.Set && !to.Value {
		return fault.ErrInvalid.Saying("make another address the default instead").At(field)
	}
	return nil
}

// shopper returns the customer who asks. It returns what self does, and
// fault.ErrDenied for the staff.
func (e *Engine) shopper(ctx context.Context) (User, error) {
	u, err := e.self(ctx)
	if err == nil && u.Kind != KindCustomer {
		return User{}, fault.ErrDenied.Saying("only customers have addresses")
	}
	return u, err
}

// book returns the book of the customer who asks.
func (e *Engine) book(ctx context.Context) (Book, error) {
	u, err := e.shopper(ctx)
	if err != nil {
		return Book{}, err
	}
	return e.store.Book(ctx, u.ID)
}

// updateBook changes the book of the customer who asks, as one unit that holds
// the customer.
func (e *Engine) updateBook(ctx context.Context, change func(*Book) (SavedAddress, error)) (SavedAddress, error) {
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (SavedAddress, error) {
		b, err := e.book(ctx)
		if err != nil {
			return SavedAddress{}, err
		}
		a, err := change(&b)
		if err != nil {
			return SavedAddress{}, err
		}
		return a, e.store.SaveBook(ctx, &b)
	})
}

// Addresses returns a page of the addresses of the customer who asks, the oldest
// first.
func (e *Engine) Addresses(ctx context.Context, in AddressesInput) (page.Page[SavedAddress], error) {
	if err := OpAddresses.Admit(ctx, in); err != nil {
		return page.Page[SavedAddress]{}, err
	}
	var after addressPosition
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[SavedAddress]{}, err
	}
	after.Seen = max(after.Seen, 0) // a stranger may have written it
	b, err := e.book(ctx)
	if err != nil {
		return page.Page[SavedAddress]{}, err
	}
	rest := b.Addresses[min(after.Seen, len(b.Addresses)):]
	seen := after.Seen + in.Size()
	return page.Of(rest[:min(in.Size()+1, len(rest))], in.Size(), func(SavedAddress) any { return addressPosition{seen} }), nil
}

// addressPosition is how many addresses were shown.
type addressPosition struct {
	Seen int `json:"seen"`
}

// Address returns an address of the customer who asks, or ErrAddressNotFound,
// the same for one of somebody else.
func (e *Engine) Address(ctx context.Context, in IDInput) (SavedAddress, error) {
	if err := OpAddress.Admit(ctx, in); err != nil {
		return SavedAddress{}, err
	}
	b, err := e.book(ctx)
	if err != nil {
		return SavedAddress{}, err
	}
	i := b.find(in.ID)
	if i < 0 {
		return SavedAddress{}, ErrAddressNotFound
	}
	return b.Addresses[i], nil
}

// CreateAddress puts an address in the book of the customer who asks. The first
// one is the default. It returns ErrBookFull.
func (e *Engine) CreateAddress(ctx context.Context, in CreateAddressInput) (SavedAddress, error) {
	if err := OpCreateAddress.Admit(ctx, in); err != nil {
		return SavedAddress{}, err
	}
	now := e.now()
	a := SavedAddress{ID: e.opts.ID("adr"), Address: in.Address, DefaultShipping: in.DefaultShipping, DefaultBilling: in.DefaultBilling, CreatedAt: now, UpdatedAt: now}
	return e.updateBook(ctx, func(b *Book) (SavedAddress, error) {
		if err := b.add(a); err != nil {
			return SavedAddress{}, err
		}
		return b.Addresses[len(b.Addresses)-1], nil
	})
}

// UpdateAddress changes an address of the customer who asks. An address stops to
// be the default when another one becomes it. It returns ErrAddressNotFound.
func (e *Engine) UpdateAddress(ctx context.Context, in UpdateAddressInput) (SavedAddress, error) {
	if err := OpUpdateAddress.Admit(ctx, in); err != nil {
		return SavedAddress{}, err
	}
	return e.updateBook(ctx, func(b *Book) (SavedAddress, error) { return b.edit(in, e.now()) })
}

// DeleteAddress removes an address of the customer who asks; the oldest that is
// left becomes the default in its place. It returns ErrAddressNotFound.
func (e *Engine) DeleteAddress(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteAddress.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	_, err := e.updateBook(ctx, func(b *Book) (SavedAddress, error) { return SavedAddress{}, b.remove(in.ID) })
	return op.Nothing{}, err
}
