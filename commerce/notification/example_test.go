package notification_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
)

func Example() {
	ctx := context.Background()
	box := devmail.New()
	mails := notification.New(memstore.Notifications{DB: memstore.New()}, nil, box, &notification.Options{ShopName: "Books"})

	placed := event.Envelope{ID: "evt_1", Name: "order.placed", Key: "ord_1", Data: []byte(`{"number":"1001","email":"ann@example.com"}`)}
	fmt.Println(mails.Handle(ctx, placed), mails.Handle(ctx, placed)) // a bus may bring it twice
	fmt.Println(mails.Send(ctx))

	all, err := box.Letters()
	for _, l := range all {
		fmt.Println(l.Mail.To.Email, "gets:", l.Mail.Subject)
	}
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// <nil>
	// ann@example.com gets: Your order 1001 at Books
	// <nil>
}
