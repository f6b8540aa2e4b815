// Command yourtx is a program that was there before the shop: a club that gives
// its members points, in a table of its own, through a *sql.DB of its own. It
// places an order and writes the points in one transaction, which it begins and
// commits itself: both are there afterwards, or neither is.
//
//	go run ./examples/yourtx                                     a SQLite file that is removed at the end
//	go run ./examples/yourtx -db 'user:pw@tcp(127.0.0.1:3306)/club'   MySQL or MariaDB
//
// What people get wrong: the order is written with the context that Join
// returns, not with the one around it; and done comes before Commit.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

func main() {
	name := flag.String("db", "", "a go-sql-driver DSN of MySQL or MariaDB; a SQLite file when empty")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, name string) (err error) {
	if name == "" {
		dir, err := os.MkdirTemp("", "yourtx")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		name = filepath.Join(dir, "club.db")
	}
	a, err := open(ctx, name, offlinepay.New())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()

	mug, err := a.sellMugs(ctx)
	if err != nil {
		return err
	}
	c, err := a.fillCart(ctx, mug)
	if err != nil {
		return err
	}

	// The first try fails after the order was written: nothing of it stays, and
	// the cart is open as before.
	_, err = a.buy(ctx, c, "ada", offlinepay.CashOnDelivery, func() error { return errors.New("the club is closed") })
	fmt.Fprintln(out, "first try:", err)
	if err := a.report(ctx, out); err != nil {
		return err
	}

	o, err := a.buy(ctx, c, "ada", offlinepay.CashOnDelivery, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "second try: order %s, %v\n", o.Number, o.Totals.Total)
	return a.report(ctx, out)
}

// app is the program: its own database handle, and a shop on it.
type app struct {
	db   *sql.DB
	ours *bunstore.DB // the shop's view of db
	shop *embed.Shop
}

func open(ctx context.Context, name string, providers ...payment.Provider) (*app, error) {
	// The handle is this program's: it opens it, tunes it and closes it. The
	// shop needs no more of it than bunstore.New checks and names.
	driver, dialect := "mysql", bunstore.MySQL
	if !strings.Contains(name, "@") {
		// A transaction that will write takes the lock when it begins. One that
		// began with a read could lose it to another, and would have to start over.
		driver, dialect = "sqlite", bunstore.SQLite
		name = "file:" + name + "?_txlock=immediate&_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, err
	}
	a := &app{db: db}
	if err := a.setUp(ctx, dialect, providers); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) setUp(ctx context.Context, dialect bunstore.Dialect, providers []payment.Provider) (err error) {
	// The program's own table. Those of the shop begin with mercer_.
	if _, err := a.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS club_points (member VARCHAR(50) NOT NULL, order_id VARCHAR(64) NOT NULL, points BIGINT NOT NULL)`); err != nil {
		return err
	}
	if a.ours, err = bunstore.New(ctx, a.db, dialect, nil); err != nil {
		return err
	}
	if _, err := a.ours.Migrate(ctx); err != nil {
		return err
	}
	// Guests' tokens are made of the secret: a real program keeps it, see
	// embed.Secret.
	secret := []byte(rand.Text() + rand.Text())
	if a.shop, err = embed.On(ctx, a.ours, &embed.Options{Secret: secret, Providers: providers}); err != nil {
		return err
	}
	return a.shop.Seed(ctx, "EUR", "DE")
}

// close ends the shop's work first, then the handle that it works on.
func (a *app) close() (err error) {
	if a.shop != nil {
		err = a.shop.Close()
	}
	return errors.Join(err, a.db.Close())
}

// buy places the order of a cart and gives the member a point for each euro, in
// one transaction. before, when not nil, may still refuse.
func (a *app) buy(ctx context.Context, c storefront.Cart, member, method string, before func() error) (o order.Order, err error) {
	tx, err := a.begin(ctx)
	if err != nil {
		return order.Order{}, err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback()
		}
	}()

	// inside is ctx in which tx is the shop's unit of work. Every command that
	// gets it writes in tx; one that gets ctx would not, and might wait for tx.
	inside, done := a.ours.Join(ctx, tx)
	placed, err := a.shop.Checkout.Complete(asGuest(inside, c), checkout.CompleteInput{
		// Offline methods are all done in the transaction. With a card the order is
		// pending here, for nobody calls the world inside of a transaction: call
		// Checkout.Refresh after the commit, which asks the provider. If the program
		// dies before it can, the shop does so by itself in a minute or two.
		ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: method},
	})
	if err != nil {
		return order.Order{}, err
	}
	points := placed.Totals.Total.Minor / 100
	if _, err := tx.ExecContext(ctx, `INSERT INTO club_points (member, order_id, points) VALUES (?, ?, ?)`, member, placed.ID, points); err != nil {
		return order.Order{}, err
	}
	if before != nil {
		if err := before(); err != nil {
			return order.Order{}, err
		}
	}
	// done writes what the commands announced, such as order.placed: the events
	// commit with the order, and are published after it.
	if err := done(); err != nil {
		return order.Order{}, err
	}
	return placed.Order, tx.Commit()
}

// begin opens a transaction in which reads see what others have committed by
// then: the shop takes this isolation everywhere. SQLite has one level only.
func (a *app) begin(ctx context.Context) (*sql.Tx, error) {
	if a.ours.Dialect() == bunstore.MySQL {
		return a.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	}
	return a.db.BeginTx(ctx, nil)
}

func asGuest(ctx context.Context, c storefront.Cart) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: c.Token})
}

// report prints what both sides have.
func (a *app) report(ctx context.Context, out io.Writer) error {
	orders, err := a.shop.Orders.Orders(ctx, order.OrdersInput{})
	if err != nil {
		return err
	}
	var points int64
	if err := a.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(points), 0) FROM club_points WHERE member = 'ada'`).Scan(&points); err != nil {
		return err
	}
	fmt.Fprintf(out, "  the shop has %d orders, ada has %d points\n", len(orders.Items), points)
	return nil
}
