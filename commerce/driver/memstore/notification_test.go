package memstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/notification/notificationtest"
)

func TestNotifications(t *testing.T) {
	notificationtest.Run(t, func(*testing.T) notification.Store { return memstore.Notifications{DB: memstore.New()} })
}
