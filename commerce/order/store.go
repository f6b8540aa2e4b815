package order

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// ErrTaken is what a Store returns when an id, a number or a checkout id is
// there already. The unit of work can go on. It does not leave the engine.
var ErrTaken = errors.New("order: the key is taken")

// FirstNumber is the number of the first order of a shop.
const FirstNumber = 1001

// Store is what an Engine needs from a database. ordertest.Run says whether a
// type that has these methods is one.
type Store interface {
	event.Recorder
	once.Keys

	// Scope is the database, the same value for all stores that share it.
	Scope() txn.Scope

	// Order returns the order with this id, or ErrNotFound. In a unit of work
	// nobody else can change it until that ends; so do the next three.
	Order(ctx context.Context, id string) (Row, error)
	// OrderByNumber returns the order with this number, or ErrNotFound.
	OrderByNumber(ctx context.Context, number string) (Row, error)
	// OrderOfCheckout returns the order of a checkout, or ErrNotFound.
	OrderOfCheckout(ctx context.Context, checkoutID string) (Row, error)
	// OrderOfFulfillment returns the order that a fulfillment is of, or
	// ErrFulfillmentNotFound.
	OrderOfFulfillment(ctx context.Context, fulfillmentID string) (Row, error)

	// Create writes a new order and its first history. If its id, number or
	// checkout id is there already, it writes nothing and returns ErrTaken.
	Create(ctx context.Context, r Row, history []Entry) error
	// Save writes now over was and appends history. If the stored version or
	// status is not that of was, or nothing is stored, it writes nothing and
	// returns ErrStale. Number, CheckoutID, Placed and the currency stay.
	Save(ctx context.Context, was, now Row, history []Entry) error
	// AddFulfillment notes which order a new fulfillment is of. It returns
	// ErrTaken if the id is there already.
	AddFulfillment(ctx context.Context, fulfillmentID, orderID string) error

	// Numbers takes n numbers that nobody else gets and returns the first of
	// them, FirstNumber in an empty shop. Those of a unit of work that does not
	// commit may be given out again.
	Numbers(ctx context.Context, n int64) (first int64, err error)

	// Orders returns the orders that f names, the one placed last first, and of
	// those placed at one time the greatest id first.
	Orders(ctx context.Context, f Filter) ([]Row, error)
	// Count returns how many orders f names, whatever its After and Limit.
	Count(ctx context.Context, f Filter) (int64, error)
	// Expired returns the ids of at most limit orders whose Deadline lies before
	// t, the longest past first, by id among equals.
	Expired(ctx context.Context, t time.Time, limit int) ([]string, error)
	// History returns the history of an order by version. An order that does
	// not exist has none.
	History(ctx context.Context, orderID string) ([]Entry, error)

	// Attempt counts one more try under key, at most 100 ASCII characters, in
	// the window that its first try has opened, and reports whether it is one of
	// the first limit; otherwise, when the window closes. A try after that opens
	// another. Of any number of callers at the same time exactly limit are told
	// true.
	Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error)
	// ForgetAttempts forgets the counts whose window closed before a time.
	ForgetAttempts(ctx context.Context, before time.Time) error
}

// Row is an order as a Store keeps it: what is searched for, and Doc, which has
// everything. The Engine makes and reads it. Times are UTC in microseconds.
type Row struct {
	ID                string
	CheckoutID        string
	Number            string
	Version           int64 // counts the lines of the history
	Status            Status
	PaymentStatus     PaymentStatus
	FulfillmentStatus FulfillmentStatus
	CustomerID        *string
	Email             string // in lower case
	Placed            time.Time
	Deadline          time.Time // when somebody must look at it; zero is never
	Total             money.Amount
	Doc               json.RawMessage
}

// Filter names orders. A zero field does not filter. From is inclusive, To is
// exclusive.
type Filter struct {
	Status            Status
	PaymentStatus     PaymentStatus
	FulfillmentStatus FulfillmentStatus
	CustomerID        string
	OfGuests          bool   // only orders without a customer
	Email             string // in lower case
	Number            string
	From, To          time.Time
	After             *Position
	Limit             int // at least 1; Count does not look at it
}

// Position is a place in the list of orders: right after the order placed then,
// with this id.
type Position struct {
	Placed time.Time `json:"placed"`
	ID     string    `json:"id"`
}
