package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
)

func TestMigrateTwiceChangesNothing(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		db := open(t)
		done, err := db.Migrate(t.Context())
		if err != nil || len(done) != 0 {
			t.Errorf("second migrate took %v, %v; want nothing", done, err)
		}
		if err := db.Current(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMarkAndRecord(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		db := open(t)
		for i, c := range []struct{ to, want once.State }{{once.Done, once.Never}, {once.Done, once.Done}, {once.Undone, once.Done}, {once.Done, once.Undone}, {once.Undone, once.Undone}} {
			was, err := db.Mark(t.Context(), "op", "k", c.to)
			if err != nil || was != c.want {
				t.Errorf("mark %d: was %v, %v; want %v", i, was, err, c.want)
			}
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 5 {
					if err := db.Record(t.Context(), event.Envelope{ID: fmt.Sprint("evt", i, ".", j), Name: "a.b", Key: "k", At: time.Now(), Data: []byte(`{"a":"\\'é"}`)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		err := db.Do(t.Context(), func(ctx context.Context) error {
			return errors.Join(db.Record(ctx, event.Envelope{ID: "gone", Key: "k", Data: []byte("{}")}), errors.New("no"))
		})
		if err == nil {
			t.Error("want an error")
		}
	})
}
