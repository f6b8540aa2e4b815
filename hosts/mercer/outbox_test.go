package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// TestOutboxScripts runs scripts about events that were put aside.
func TestOutboxScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/outbox",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = &server{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": scriptCode, "server": scriptServer, "letter": scriptLetter,
		},
	})
}

// scriptLetter puts an event aside for a consumer: letter CONSUMER EVENT.
func scriptLetter(ts *testscript.TestScript, _ bool, args []string) {
	c, err := boot.Load(map[string]string{"data": ts.MkAbs("data")}, nil)
	ts.Check(err)
	ctx := context.Background()
	shop, err := boot.OpenCommand(ctx, c, slog.New(slog.DiscardHandler))
	ts.Check(err)
	in := bunstore.Inbox{DB: shop.DB}
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	e := event.Envelope{ID: args[1], Name: "order.placed", Version: 1, Key: "ord_1", Seq: 1, At: at, Data: []byte(`{}`)}
	_, err = in.Fail(ctx, outbox.Letter{Consumer: args[0], Event: e, State: outbox.Trying, Error: "the mail server is gone\nand more", First: at, Last: at})
	ts.Check(err)
	ts.Check(in.Bury(ctx, args[0], args[1]))
	ts.Check(shop.Close())
}
