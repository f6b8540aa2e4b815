package inventory_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/once"
)

func TestReleaseAfterShipping(t *testing.T) {
	f := setup(t)
	f.put("v", 5, 0, true)
	f.must(f.reserve("o", "v", 3))
	f.must(f.allocate("o"))
	f.must(f.ship("o", "f1", "v", 1))
	f.must(f.release("o"))
	f.stock("v", "main:0/4")
	f.kept("o", "v@main 2+1 released")
	f.fails(f.ship("o", "f2", "v", 1), inventory.ErrNotAllocated, `{"variant_id":"v","requested":1,"available":0}`)
	f.must(f.unship("o", "f1", "v", 1)) // the parcel comes back, for nobody
	f.stock("v", "main:0/5")
}

func TestShip(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	f.must(f.reserve("o", "v", 4, "untracked", 2))
	f.fails(f.ship("o", "f0", "v", 1), inventory.ErrNotAllocated, `{"variant_id":"v","requested":1,"available":0}`)
	f.must(f.allocate("o"))
	f.spy.events = nil
	for range 2 {
		f.must(f.ship("o", "f1", "v", 1, "untracked", 2, "v", 2))
		f.stock("v", "main:1/7")
		f.kept("o", "v@main 1+3 allocated")
	}
	f.announced("stock_changed v@main 6")
	f.fails(f.ship("o", "f2", "v", 2), inventory.ErrNotAllocated, `{"variant_id":"v","requested":2,"available":1}`)
	f.must(f.ship("o", "f2", "v", 1)) // a refused Ship leaves no mark
	f.kept("o", "v@main 0+4 shipped")
	f.moved("v", "imported v@main +10=10", "shipped v@main -3=7", "shipped v@main -1=6")
	f.must(f.ship("o", "f3", "untracked", 1))

	f.must(f.reserve("p", "v", 1))
	f.must(f.allocate("p"))
	f.fails(f.ship("p", "f1", "v", 1), inventory.ErrCounted, "")
	f.stock("v", "main:1/6")
}

func TestShipWaitsForWhatIsNotReceived(t *testing.T) {
	f := setup(t)
	f.put("v", 1, 5, true)
	f.must(f.reserve("o", "v", 3))
	f.must(f.allocate("o"))
	f.fails(f.ship("o", "f", "v", 2), inventory.ErrNotAllocated, `{"variant_id":"v","requested":2,"available":1}`)
	f.receive("v", "main", 1)
	f.must(f.ship("o", "f", "v", 2))
	f.stock("v", "main:1/0")
}

func TestUnship(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	f.must(f.reserve("o", "v", 4))
	f.must(f.allocate("o"))
	f.must(f.ship("o", "f1", "v", 1))
	f.must(f.ship("o", "f2", "v", 3))
	f.spy.events = nil
	for range 2 {
		f.must(f.unship("o", "f2", "v", 3))
		f.stock("v", "main:3/9")
		f.kept("o", "v@main 3+1 allocated")
	}
	f.announced("stock_changed v@main 6")
	f.moved("v", "imported v@main +10=10", "shipped v@main -1=9", "shipped v@main -3=6", "unshipped v@main +3=9")
	f.fails(f.ship("o", "f2", "v", 3), once.ErrUndone, "")
	f.must(f.unship("o", "late", "v", 1))
	f.fails(f.ship("o", "late", "v", 1), once.ErrUndone, "")
	f.must(f.ship("o", "f3", "v", 3))
	f.kept("o", "v@main 0+4 shipped")
}

// Tracking is turned off while units are kept: they still come and go.
func TestShipWhatIsNotTrackedAnyMore(t *testing.T) {
	f := setup(t)
	f.put("v", 4, 0, true)
	f.must(f.reserve("o", "v", 4))
	f.must(f.allocate("o"))
	_, err := f.PutLevels(t.Context(), inventory.PutLevelsInput{CauseID: "i", Levels: []inventory.LevelFields{{VariantID: "v", OnHand: new(int64(1))}}})
	f.must(err)
	f.must(f.ship("o", "f1", "v", 3))
	f.stock("v", "main:1/1")
	f.must(f.unship("o", "f1", "v", 3))
	f.stock("v", "main:4/1")
	f.kept("o", "v@main 4+0 allocated")
	f.must(f.release("o"))
	f.stock("v", "main:0/1")
}
