// Package argonhash hashes passwords with Argon2id: an account.Hasher that keeps
// its hashes as PHC strings, "$argon2id$v=19$m=19456,t=2,p=1$salt$key".
//
// Each hash takes its memory anew, 19 MiB by default, so no more are made at a
// time than the process can bear; who has to wait, waits as long as its context
// lets it. When enough wait already, who comes is refused at once: waiting, they
// would hold what requests of other kinds need.
package argonhash

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"runtime"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Options change how hashes are made. The zero value is good: it is what OWASP
// asks for. Hashes that were made with others verify and are reported stale.
type Options struct {
	Memory   uint32 // KiB, 19456; at least 8 for each thread, at most 1 GiB
	Time     uint32 // passes over the memory, 2; at most 64
	Threads  uint8  // 1
	Parallel int    // hashes at once, the larger of 2 and GOMAXPROCS
	Queue    int    // calls that wait at most, 64 for each of Parallel
}

// Hasher makes and checks hashes. It is safe for concurrent use.
type Hasher struct {
	cost  cost
	seats chan struct{}
	queue chan struct{} // those who wait
}

var _ account.Hasher = (*Hasher)(nil)

// New returns a Hasher. opts may be nil; values beyond their bounds are taken
// as the nearest ones within.
func New(opts *Options) *Hasher {
	var o Options
	if opts != nil {
		o = *opts
	}
	c := cost{cmp.Or(o.Memory, 19*1024), min(cmp.Or(o.Time, 2), maxTime), cmp.Or(o.Threads, 1)}
	c.memory = min(max(c.memory, 8*uint32(c.threads)), maxMemory)
	seats := o.Parallel
	if seats < 1 {
		seats = max(2, runtime.GOMAXPROCS(0))
	}
	queue := o.Queue
	if queue < 1 {
		queue = 64 * seats
	}
	return &Hasher{cost: c, seats: make(chan struct{}, seats), queue: make(chan struct{}, queue)}
}

// Hash implements account.Hasher. It returns fault.ErrUnavailable when ctx ends
// before there is room, or too many wait already.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := phc{cost: h.cost, salt: make([]byte, 16)}
	_, _ = rand.Read(p.salt) // never fails
	var err error
	if p.key, err = h.derive(ctx, password, p.cost, p.salt, 32); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify implements account.Hasher. It returns fault.ErrUnavailable as Hash
// does, and an error for text that is no hash.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, stale bool, err error) {
	p := phc{cost: h.cost, salt: make([]byte, 16), key: make([]byte, 32)}
	if hash != "" {
		if p, err = parse(hash); err != nil {
			return false, false, err
		}
	}
	key, err := h.derive(ctx, password, p.cost, p.salt, len(p.key))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, p.key) == 1 && hash != ""
	return ok, ok && p.cost != h.cost, nil
}

// derive waits for a seat and does the work.
func (h *Hasher) derive(ctx context.Context, password string, c cost, salt []byte, size int) ([]byte, error) {
	if err := h.sit(ctx); err != nil {
		return nil, fault.ErrUnavailable.After(time.Second).Because(err)
	}
	defer func() { <-h.seats }()
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(size)), nil
}

var errQueue = errors.New("argonhash: too many wait already")

// sit takes a seat, waiting for one while ctx lasts and there is room to wait.
func (h *Hasher) sit(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case h.seats <- struct{}{}:
		return nil
	default:
	}
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return errQueue
	}
	select {
	case h.seats <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
