package bunstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

func cartItem(variant string, n int64) cart.AddItem {
	return cart.AddItem{VariantID: variant, Quantity: n, Price: new(money.New(1499, "EUR"))}
}

func createCart(t *testing.T, e *cart.Engine, ctx context.Context, items ...cart.AddItem) cart.Cart {
	t.Helper()
	c, err := e.Create(ident.As(ctx, "storefront"), cart.CreateInput{Market: "eu", Currency: "EUR", Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// K01 and K04 and one open cart for each customer, where units really overlap.
func TestCartsAtOnce(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		e := cart.New(bunstore.Carts{DB: open(t)}, nil, &cart.Options{Secret: []byte("secret")})
		ctx := ident.With(t.Context(), ident.Actor{Kind: ident.Customer, ID: "cus_1"})
		g := createCart(t, e, ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), cartItem("a", 2))
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := e.AddItems(t.Context(), cart.AddItemsInput{ID: g.ID, Items: []cart.AddItem{cartItem("a", 1)}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for range 8 {
			wg.Go(func() { createCart(t, e, ctx, cartItem("a", 1)) })
		}
		wg.Wait()
		mine, err := e.Mine(ctx, cart.MineInput{})
		if err != nil || len(mine.Items) != 1 || mine.Items[0].Quantity != 8 {
			t.Fatalf("8 creations make %+v, %v", mine, err)
		}
		shows := ident.With(t.Context(), ident.Actor{Kind: ident.Customer, ID: "cus_1", CartToken: e.Token(g)})
		for range 8 {
			wg.Go(func() {
				if c, err := e.Claim(shows, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil || c.ID != mine.ID {
					t.Errorf("%+v, %v", c, err)
				}
			})
		}
		wg.Wait()
		mine, err = e.Mine(ctx, cart.MineInput{})
		if err != nil || len(mine.Items) != 1 || mine.Items[0].Quantity != 26 {
			t.Errorf("8 merges of 18 and 8 make %+v, %v", mine, err)
		}
		closing := func() (cart.Cart, error) {
			return e.Close(t.Context(), cart.CloseInput{ID: mine.ID, Key: mine.CheckoutID(), OrderID: "ord_1"})
		}
		for range 8 {
			wg.Go(func() {
				if c, err := closing(); err != nil || c.OrderID != "ord_1" || c.Version != mine.Version+1 {
					t.Errorf("close: %+v, %v", c, err)
				}
			})
		}
		wg.Wait()
		if n, err := e.Expire(t.Context(), time.Now().Add(2*cart.Lifetime)); err != nil || n != 0 {
			t.Errorf("expired %d, %v; both carts are closed", n, err)
		}
	})
}

func TestCartStatements(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	cfg, err := mysql.ParseDSN(buntest.Name(t, buntest.MySQL))
	if err != nil {
		t.Fatal(err)
	}
	cfg.ClientFoundRows = true
	cfg.Params = map[string]string{"transaction_isolation": "'READ-COMMITTED'"}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	handle := sql.OpenDB(tallyConnector{connector, &n})
	defer handle.Close()
	db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := cart.New(bunstore.Carts{DB: db}, nil, nil)
	c := createCart(t, e, t.Context())
	count := func(what string, most int64, call func() error) {
		t.Helper()
		n.Store(0)
		if err := call(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := n.Load(); got > most {
			t.Errorf("%s takes %d statements, want %d", what, got, most)
		}
	}
	count("AddItems with prices", 4, func() error {
		_, err := e.AddItems(t.Context(), cart.AddItemsInput{ID: c.ID, Items: []cart.AddItem{cartItem("a", 1), cartItem("b", 1), cartItem("c", 1)}})
		return err
	})
	count("Cart", 1, func() error { _, err := e.Cart(t.Context(), cart.IDInput{ID: c.ID}); return err })
	// BEGIN, mark, read, save; event_seq and outbox; COMMIT.
	count("Close", 7, func() error {
		_, err := e.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: c.CheckoutID(), OrderID: "ord_1"})
		return err
	})
	count("Create", 3, func() error { createCart(t, e, t.Context(), cartItem("a", 1)); return nil })
}

// tallyConnector counts what its connections are asked, BEGIN and COMMIT too.
type tallyConnector struct {
	driver.Connector
	n *atomic.Int64
}

func (c tallyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return tallyConn{conn, c.n}, err
}

type tallyConn struct {
	driver.Conn
	n *atomic.Int64
}

func (c tallyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.n.Add(1)
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return tallyTx{tx, c.n}, err
}

func (c tallyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.n.Add(1)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c tallyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

type tallyTx struct {
	driver.Tx
	n *atomic.Int64
}

func (t tallyTx) Commit() error {
	t.n.Add(1)
	return t.Tx.Commit()
}
