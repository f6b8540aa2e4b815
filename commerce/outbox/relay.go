package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// batch is how many events are read at once.
const batch = 200

// Options change how a Relay works. The zero value is good.
type Options struct {
	Every time.Duration    // how often to look without being woken, 1 second
	Lease time.Duration    // how long a dead relay keeps a part to itself, 30 seconds
	Now   func() time.Time // time.Now
	Log   *slog.Logger     // slog.Default()
	// Parallel is how many aggregates are published at once, 32.
	Parallel int
}

// Relay publishes what a store holds. Any number of relays may work on one
// store.
type Relay struct {
	store Store
	bus   event.Bus
	opts  Options
	owner string
	wake  chan struct{}

	mu     sync.Mutex // held by a round
	leases map[int]lease
}

type lease struct {
	fence int64
	until time.Time
}

// New returns a relay from s to b. opts may be nil.
func New(s Store, b event.Bus, opts *Options) *Relay {
	r := &Relay{store: s, bus: b, owner: ident.NewID("relay"), wake: make(chan struct{}, 1), leases: map[int]lease{}}
	if opts != nil {
		r.opts = *opts
	}
	if r.opts.Every == 0 {
		r.opts.Every = time.Second
	}
	if r.opts.Lease == 0 {
		r.opts.Lease = 30 * time.Second
	}
	if r.opts.Now == nil {
		r.opts.Now = time.Now
	}
	if r.opts.Log == nil {
		r.opts.Log = slog.Default()
	}
	if r.opts.Parallel == 0 {
		r.opts.Parallel = 32
	}
	return r
}

// Wake tells a running relay that there is something to publish. It does not
// wait; stores call it after a commit.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run publishes until ctx ends, and returns why it ended. What fails is logged
// and tried again in the next round. While the bus is down nobody wakes it: what
// piles up costs those who add to it nothing.
func (r *Relay) Run(ctx context.Context) error {
	tick := time.NewTicker(r.opts.Every)
	defer tick.Stop()
	defer r.release(ctx)
	for {
		wake := r.wake
		err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.opts.Log.WarnContext(ctx, "outbox: will retry", "err", err)
		}
		if errors.Is(err, event.ErrDown) {
			wake = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-wake:
		case <-tick.C:
		}
	}
}

// Drain publishes what is there now and that no other relay publishes, and
// returns. An event that the bus does not take stops the later ones of its
// aggregate; the others go on, unless the bus is down.
func (r *Relay) Drain(ctx context.Context) error {
	defer r.release(ctx)
	return r.round(ctx)
}

// release ends the leases, so that another relay can go on at once.
func (r *Relay) release(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	now := r.opts.Now().UTC()
	for _, part := range slices.Sorted(maps.Keys(r.leases)) {
		if _, _, err := r.store.Lease(ctx, part, r.owner, now, now); err != nil {
			r.opts.Log.WarnContext(ctx, "outbox: a part waits until its lease ends", "part", part, "err", err)
		}
	}
	clear(r.leases)
}

func (r *Relay) round(ctx context.Context) error {
	if err := txn.Outside(ctx); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	parts, err := r.store.Waiting(ctx)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	var errs []error
	for _, part := range parts {
		err := r.part(ctx, part)
		if err != nil {
			errs = append(errs, fmt.Errorf("outbox part %d: %w", part, err))
		}
		if errors.Is(err, event.ErrDown) {
			break
		}
	}
	return errors.Join(errs...)
}

// part publishes one part, in pages. The position is only for this walk.
func (r *Relay) part(ctx context.Context, part int) error {
	stopped := map[string]bool{} // aggregates, until the next round
	var errs []error
	for after := int64(0); ; {
		fence, ok, err := r.hold(ctx, part)
		if err != nil || !ok {
			return errors.Join(append(errs, err)...)
		}
		rows, err := r.store.Pending(ctx, part, after, batch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		sent, err := r.publish(ctx, rows, stopped)
		errs = append(errs, err)
		if len(sent) > 0 {
			// They are out: a relay that is being stopped notes it all the same.
			err := r.store.Archive(context.WithoutCancel(ctx), part, fence, sent, r.opts.Now().UTC())
			if err != nil {
				delete(r.leases, part)
				return errors.Join(append(errs, err)...)
			}
		}
		if len(rows) < batch || ctx.Err() != nil || errors.Is(err, event.ErrDown) {
			return errors.Join(errs...)
		}
		after = rows[len(rows)-1].Position
	}
}

// hold gets or keeps the lease of part.
func (r *Relay) hold(ctx context.Context, part int) (fence int64, ok bool, err error) {
	now := r.opts.Now().UTC()
	if l, ok := r.leases[part]; ok && l.until.Sub(now) > r.opts.Lease/2 {
		return l.fence, true, nil
	}
	until := now.Add(r.opts.Lease)
	fence, ok, err = r.store.Lease(ctx, part, r.owner, now, until)
	if err != nil || !ok {
		delete(r.leases, part)
		return 0, false, err
	}
	r.leases[part] = lease{fence, until}
	return fence, true, nil
}

// publish sends rows, aggregates side by side and the events of each one after
// the other, and returns the positions of those that the bus has taken. When the
// bus is down it returns one error that says so, and leaves the rest.
func (r *Relay) publish(ctx context.Context, rows []Row, stopped map[string]bool) (sent []int64, err error) {
	keys, byKey := aggregates(rows, stopped)
	var mu sync.Mutex
	var errs []error
	var down error
	var wg sync.WaitGroup
	slots := make(chan struct{}, r.opts.Parallel)
	for _, k := range keys {
		slots <- struct{}{}
		mu.Lock()
		over := down != nil
		mu.Unlock()
		if over {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			done, err := r.aggregate(ctx, byKey[k])
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, done...)
			switch {
			case errors.Is(err, event.ErrDown):
				down = err
			case err != nil:
				stopped[k] = true
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	if down != nil {
		return sent, down
	}
	return sent, errors.Join(errs...)
}

// aggregates sorts rows by aggregate, but for those that are stopped, and returns
// the aggregates in the order of their first rows.
func aggregates(rows []Row, stopped map[string]bool) (keys []string, byKey map[string][]Row) {
	byKey = map[string][]Row{}
	for _, row := range rows {
		k := row.Event.Key
		if stopped[k] {
			continue
		}
		if byKey[k] == nil {
			keys = append(keys, k)
		}
		byKey[k] = append(byKey[k], row)
	}
	return keys, byKey
}

// aggregate sends the events of one aggregate until one fails.
func (r *Relay) aggregate(ctx context.Context, rows []Row) (sent []int64, err error) {
	for _, row := range rows {
		if err := r.bus.Publish(ctx, row.Event); err != nil {
			return sent, fmt.Errorf("event %s %s of %s: %w", row.Event.Name, row.Event.ID, row.Event.Key, err)
		}
		sent = append(sent, row.Position)
	}
	return sent, nil
}
