package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/cart/carttest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once/oncetest"
	"github.com/mercer-commerce/mercer/commerce/txn/txntest"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "carts.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The suites say what a Store must do, and name what is missing when it does
// not. Leave a guard of Save out and look.

func TestCarts(t *testing.T) {
	carttest.Run(t, func(t *testing.T) cart.Store { return open(t) })
}

func TestOnce(t *testing.T) {
	oncetest.Run(t, func(t *testing.T) oncetest.Keys { return open(t) })
}

func TestScope(t *testing.T) {
	txntest.Run(t, func(t *testing.T) txntest.Harness {
		s := open(t)
		return txntest.Harness{
			Scope: s,
			Put: func(ctx context.Context, key string) error {
				return s.Save(ctx, &cart.Cart{ID: key, Metadata: json.RawMessage(`{}`)})
			},
			Has: func(ctx context.Context, key string) (bool, error) {
				_, err := s.Cart(ctx, key)
				if errors.Is(err, cart.ErrNotFound) {
					return false, nil
				}
				return err == nil, err
			},
		}
	})
}

// What follows is this store's own: its file.

func TestFileKeepsEverything(t *testing.T) {
	s := open(t)
	c := cart.Cart{ID: "cart_1", Status: cart.StatusOpen, CustomerID: "ada", Market: "eu", Currency: "EUR", Metadata: json.RawMessage(`{"k":1.10}`)}
	err := s.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Save(ctx, &c), s.Record(ctx, event.Envelope{ID: "evt_1", Key: c.ID, Data: json.RawMessage(`{}`)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Cart(t.Context(), c.ID); err != nil || got.Version != 1 || string(got.Metadata) != `{"k":1.10}` {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
	second := cart.Cart{ID: "cart_2", Status: cart.StatusOpen, CustomerID: "ada", Market: "eu", Currency: "EUR", Metadata: json.RawMessage(`{}`)}
	if err := again.Save(t.Context(), &second); !errors.Is(err, cart.ErrTaken) {
		t.Errorf("a second open cart after a restart: %v, want ErrTaken", err)
	}
	if err := again.Record(t.Context(), event.Envelope{ID: "evt_2", Key: c.ID, Data: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if evs := again.Events(); len(evs) != 2 || evs[1].Seq != 2 {
		t.Errorf("events %+v, want 1 and 2", evs)
	}
}

// TestDiskFull takes the directory away: what cannot be written did not happen.
func TestDiskFull(t *testing.T) {
	s := open(t)
	if err := os.RemoveAll(filepath.Dir(s.path)); err != nil {
		t.Fatal(err)
	}
	c := cart.Cart{ID: "cart_1", Metadata: json.RawMessage(`{}`)}
	if err := s.Save(t.Context(), &c); err == nil {
		t.Error("saved without a disk")
	}
	if _, err := s.Cart(t.Context(), "cart_1"); !errors.Is(err, cart.ErrNotFound) {
		t.Errorf("a cart that was not written: %v, want ErrNotFound", err)
	}
	if c.Version != 0 {
		t.Errorf("version %d after a failed save, want 0", c.Version)
	}
}

func TestBrokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carts.json")
	if err := os.WriteFile(path, []byte(`{"carts":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a broken file was opened as an empty store")
	}
}
