package httpapi

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// RateLimit is how many requests one caller may send: Requests each Per on
// average, and Burst at once. A caller is an address, or whoever is signed in.
type RateLimit struct {
	Requests int
	Per      time.Duration // 1 second when zero
	Burst    int           // Requests when zero
}

// machine is how much more often than a shopper a machine may call that sends
// raw bytes: a payment provider tells of all shoppers at once.
const machine = 20

// times returns a limit that is n times as generous.
func (l RateLimit) times(n int) RateLimit {
	return RateLimit{Requests: l.Requests * n, Per: l.Per, Burst: l.Burst * n}
}

const maxCallers = 10_000 // remembered at a time; the longest unseen goes first

// limits keep a token bucket for each caller. A nil one lets everybody pass.
type limits struct {
	every rate.Limit
	burst int

	mu    sync.Mutex
	by    map[string]*list.Element // of *caller
	order list.List                // the last seen in front
}

type caller struct {
	name   string
	bucket *rate.Limiter
}

func newLimits(l RateLimit) *limits {
	if l.Requests <= 0 {
		return nil
	}
	per := l.Per
	if per <= 0 {
		per = time.Second
	}
	burst := l.Burst
	if burst <= 0 {
		burst = l.Requests
	}
	return &limits{every: rate.Every(per / time.Duration(l.Requests)), burst: burst, by: map[string]*list.Element{}}
}

func (l *limits) bucket(name string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.by[name]; ok {
		l.order.MoveToFront(at)
		return at.Value.(*caller).bucket
	}
	c := &caller{name, rate.NewLimiter(l.every, l.burst)}
	l.by[name] = l.order.PushFront(c)
	if len(l.by) > maxCallers {
		last := l.order.Back()
		delete(l.by, l.order.Remove(last).(*caller).name)
	}
	return c.bucket
}

// take takes one from the bucket of name, tells in h how it stands, and returns
// ErrThrottled when it is empty.
func (l *limits) take(h http.Header, name string) error {
	if l == nil {
		return nil
	}
	b := l.bucket(name)
	ok := b.Allow()
	l.tell(h, b)
	if !ok {
		return ErrThrottled.After(l.wait(b, 1))
	}
	return nil
}

// has reports whether the bucket of name has one left.
func (l *limits) has(name string) bool { return l == nil || l.bucket(name).Tokens() >= 1 }

// refuse returns ErrThrottled for a bucket that is empty.
func (l *limits) refuse(h http.Header, name string) error {
	b := l.bucket(name)
	l.tell(h, b)
	return ErrThrottled.After(l.wait(b, 1))
}

// wait returns how long it takes until the bucket has n.
func (l *limits) wait(b *rate.Limiter, n int) time.Duration {
	missing := float64(n) - b.Tokens()
	return max(0, time.Duration(missing/float64(l.every)*float64(time.Second)))
}

func (l *limits) tell(h http.Header, b *rate.Limiter) {
	h.Set("RateLimit-Limit", strconv.Itoa(l.burst))
	h.Set("RateLimit-Remaining", strconv.Itoa(max(0, int(b.Tokens()))))
	h.Set("RateLimit-Reset", strconv.Itoa(fault.ErrInternal.After(l.wait(b, l.burst)).RetryAfter))
}

// client returns the address that a request comes from. X-Forwarded-For is read
// from its end for as long as the one who wrote it is trusted. Addresses of one
// IPv6 network of 64 bits are one caller.
func (m *Mux) client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !m.trusts(addr) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = before
	}
	addr = addr.Unmap()
	if addr.Is6() {
		return netip.PrefixFrom(addr.WithZone(""), 64).Masked().String()
	}
	return addr.String()
}

func (m *Mux) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(m.opts.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}
