package bunstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Events that come several times at once, and workers that run at once, where
// units really overlap: one mail of each.
func TestMailsAtOnce(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		db, box := open(t), devmail.New()
		e := notification.New(bunstore.Notifications{DB: db}, nil, box, nil)
		take := outbox.Once(bunstore.Inbox{DB: db}, "notification", e.Handle)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i := range 20 {
					ev := event.Envelope{ID: fmt.Sprint("evt_", i), Name: "order.placed", Version: 1, Key: "ord_1", Data: []byte(`{"number":"1","email":"ann@example.com"}`)}
					if err := take(t.Context(), ev); err != nil {
						t.Error(err)
					}
					if err := e.Send(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all, err := box.Letters()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, l := range all {
			seen[l.Mail.MessageID] = true
		}
		if len(all) != 20 || len(seen) != 20 {
			t.Errorf("%d mails of %d events, want 20 of 20", len(all), len(seen))
		}
	})
}
