package bunstore_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/notification/notificationtest"
)

func TestNotifications(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		notificationtest.Run(t, func(t *testing.T) notification.Store { return bunstore.Notifications{DB: open(t)} })
	})
}
