package fleettest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// Audit reads the databases of a platform, by service, and reports what cannot
// be: see shoptest.Audit and shoptest.AuditStore. It waits until nothing is
// under way.
func Audit(t testing.TB, dsn map[string]string) {
	t.Helper()
	dbs := map[string]*bunstore.DB{}
	var stores commerce.Stores
	for _, name := range boot.ServiceNames() {
		db, err := bunstore.Open(context.Background(), dsn[name], nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		dbs[name] = db
		settle(t, name, db)
		add(&stores, embed.Stores(db, boot.EnginesOf(name)...))
	}
	shop := commerce.Engines(stores, commerce.Options{Secret: bytes.Repeat([]byte("s"), 32), Sanitizer: safehtml.New(), Providers: []payment.Provider{offlinepay.New()}})
	shoptest.Audit(t, shop)
	for _, db := range dbs {
		shoptest.AuditStore(t, db)
	}
}

// add adds the stores that more has to all.
func add(all *commerce.Stores, more commerce.Stores) {
	if more.Catalog != nil {
		all.Catalog, all.Inventory, all.Pricing = more.Catalog, more.Inventory, more.Pricing
	}
	if more.Carts != nil {
		all.Carts = more.Carts
	}
	if more.Orders != nil {
		all.Orders = more.Orders
	}
	if more.Payments != nil {
		all.Payments = more.Payments
	}
	if more.Accounts != nil {
		all.Accounts = more.Accounts
	}
}

// settle waits until every event of a service is published, every key has its
// answer and every run its end.
func settle(t testing.TB, service string, db *bunstore.DB) {
	t.Helper()
	const open = `SELECT 'event' FROM {outbox} UNION ALL SELECT 'key' FROM {idem} WHERE state = 'running'
		UNION ALL SELECT 'run' FROM {journal} WHERE phase NOT IN ('done', 'undone')`
	var left []string
	if !within(2*time.Minute, func() bool {
		left = nil
		if err := db.Read(context.Background(), &left, open); err != nil {
			t.Fatalf("audit of %s: %v", service, err)
		}
		return len(left) == 0
	}) {
		t.Errorf("audit of %s: still under way after two minutes: %v", service, left[:min(len(left), 10)])
	}
}
