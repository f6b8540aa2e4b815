package order

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// Limits of Lookup.
const (
	// LookupsPerMinute are for one client, and for one number of an order.
	LookupsPerMinute = 5
	// MailsPerHour are for one order. What is asked beyond that is not sent, and
	// nobody is told.
	MailsPerHour = 5
	// AccessLife is how long the code of a mail can be used.
	AccessLife = time.Hour
)

// ChallengePrefix is how the challenges of AccessRequestedV1 begin, and no
// others of a shop.
const ChallengePrefix = "oac_"

// LookupInput is what a guest knows of an order.
type LookupInput struct {
	Number string `json:"number" minLength:"1" maxLength:"64"`
	Email  string `json:"email" format:"email" maxLength:"254"`
}

// Accepted says that something will come by mail, or not.
type Accepted struct{}

// AccessMailInput names a challenge of an event.
type AccessMailInput struct {
	Challenge string `json:"challenge" minLength:"1" maxLength:"150"`
}

// AccessMailOutput is whom to write to about an order, and the code to send.
type AccessMailOutput struct {
	OrderID   string    `json:"order_id"`
	Number    string    `json:"number"`
	Email     string    `json:"email"`
	Locale    string    `json:"locale"`
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"` // of the code
}

// AccessInput is the code of a mail.
type AccessInput struct {
	ID   string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Code string `json:"code" minLength:"1" maxLength:"150"`
}

// Unkeyed implements what package idem asks of inputs whose answers are never
// kept.
func (AccessInput) Unkeyed() {}

// AccessOutput is what the code was good for.
type AccessOutput struct {
	AccessToken string `json:"access_token" doc:"To be sent as Order-Token."`
}

// challenge is a mail with a code. No store has it: its text names all that the
// code is derived from, but for the secret.
type challenge struct {
	id      string // "oac_…"
	expires int64  // Unix seconds
	order   string // "" of one that leads nowhere
}

func (c challenge) String() string {
	return c.id + "." + strconv.FormatInt(c.expires, 36) + "." + c.order
}

// code returns what the mail shows: 256 bits that belong to the challenge and
// the epoch of the order, and what they are checked by.
func (e *Engine) code(c challenge, epoch int) string {
	return c.id + "." + strconv.FormatInt(c.expires, 36) + "." + ident.Token(e.codes, c.String(), epoch)
}

// parse reads the text of a challenge, or a code, whose rest is the token.
func parse(text string) (c challenge, rest string, ok bool) {
	id, text, first := strings.Cut(text, ".")
	stamp, rest, second := strings.Cut(text, ".")
	expires, err := strconv.ParseInt(stamp, 36, 64)
	return challenge{id: id, expires: expires}, rest, first && second && err == nil
}

// Lookup has a mail with a link to an order sent to the order's address, if
// number and address belong together, and emits EventAccessRequested either
// way: neither the answer nor the work for it tells. It returns
// ErrTooManyAttempts.
func (e *Engine) Lookup(ctx context.Context, in LookupInput) (Accepted, error) {
	if err := OpLookup.Admit(ctx, in); err != nil {
		return Accepted{}, err
	}
	row, err := e.store.OrderByNumber(ctx, in.Number)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Accepted{}, err
	}
	id, err := addressed(row, in.Email)
	if err != nil {
		return Accepted{}, err
	}
	var refused error
	err = e.store.Scope().Do(ctx, func(ctx context.Context) error {
		refused = nil
		wait, quiet, err := e.countLookup(ctx, in)
		if err != nil {
			return err
		}
		if wait > 0 { // the count stays
			refused = ErrTooManyAttempts.After(wait)
			return nil
		}
		c := challenge{id: e.opts.ID("oac"), expires: e.now().Add(AccessLife).Unix()}
		if !quiet {
			c.order = id
		}
		return e.store.Record(ctx, EventAccessRequested.New(e.opts.ID("evt"), c.id, e.now(), AccessRequestedV1{Order: c.order, Challenge: c.String()}))
	})
	if err != nil {
		return Accepted{}, err
	}
	return Accepted{}, refused
}

// addressed returns the id of the order in r if its address is email, else "".
func addressed(r Row, email string) (string, error) {
	if r.ID == "" {
		return "", nil
	}
	d, err := r.document()
	if err != nil || ident.NormalEmail(d.Email) != ident.NormalEmail(email) {
		return "", err
	}
	return r.ID, nil
}

// countLookup counts one more lookup, and says how long to wait when there were
// too many. quiet says that there were enough mails. What is counted is the same
// whether there is such an order.
func (e *Engine) countLookup(ctx context.Context, in LookupInput) (wait time.Duration, quiet bool, err error) {
	if e.opts.Unlimited {
		return 0, false, nil
	}
	now := e.now()
	keys := []string{ident.Nameless("order.number", in.Number)}
	if addr := ident.Client(ctx); addr != "" {
		keys = append([]string{ident.Nameless("order.client", addr)}, keys...)
	}
	for _, key := range keys {
		ok, wait, err := e.store.Attempt(ctx, key, now, time.Minute, LookupsPerMinute)
		if err != nil || !ok {
			return wait, false, err
		}
	}
	ok, _, err := e.store.Attempt(ctx, ident.Nameless("order.mail", in.Number, ident.NormalEmail(in.Email)), now, time.Hour, MailsPerHour)
	return 0, !ok, err
}

// AccessMail returns what the mail about a challenge needs. It returns
// ErrChallengeNotFound for one that leads nowhere or has expired.
func (e *Engine) AccessMail(ctx context.Context, in AccessMailInput) (AccessMailOutput, error) {
	if err := OpAccessMail.Admit(ctx, in); err != nil {
		return AccessMailOutput{}, err
	}
	c, id, ok := parse(in.Challenge)
	c.order = id
	if !ok || id == "" || !e.live(c) {
		return AccessMailOutput{}, ErrChallengeNotFound
	}
	d, err := e.document(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return AccessMailOutput{}, ErrChallengeNotFound
	}
	if err != nil {
		return AccessMailOutput{}, err
	}
	return AccessMailOutput{OrderID: d.ID, Number: d.Number, Email: d.Email, Locale: d.Locale, Code: e.code(c, d.Epoch), ExpiresAt: time.Unix(c.expires, 0).UTC()}, nil
}

// Access returns the token of an order for the code of a mail, to the first who
// shows it. It returns ErrCodeInvalid, also for an order that does not exist.
func (e *Engine) Access(ctx context.Context, in AccessInput) (AccessOutput, error) {
	if err := OpAccess.Admit(ctx, in); err != nil {
		return AccessOutput{}, err
	}
	c, token, ok := parse(in.Code)
	c.order = in.ID
	d, err := e.document(ctx, in.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return AccessOutput{}, err
	}
	if !ok || d.ID == "" || !e.live(c) || !ident.TokenFits(token, e.codes, c.String(), d.Epoch) {
		return AccessOutput{}, ErrCodeInvalid.At("/code")
	}
	first := false
	err = e.store.Scope().Do(ctx, func(ctx context.Context) error {
		first = false
		return once.Do(ctx, e.store, OpAccess.Name, c.id, func() error { first = true; return nil })
	})
	switch {
	case err != nil:
		return AccessOutput{}, err
	case !first:
		return AccessOutput{}, ErrCodeInvalid.At("/code")
	default:
		return AccessOutput{AccessToken: e.Token(d.Order)}, nil
	}
}

// live reports whether c can be used now, by an Engine that has a secret.
func (e *Engine) live(c challenge) bool {
	return len(e.codes) > 0 && strings.HasPrefix(c.id, ChallengePrefix) && e.now().Before(time.Unix(c.expires, 0))
}

func (e *Engine) document(ctx context.Context, id string) (document, error) {
	row, err := e.store.Order(ctx, id)
	if err != nil {
		return document{}, err
	}
	return row.document()
}

// Prune forgets what was counted and no longer counts.
func (e *Engine) Prune(ctx context.Context) error { return e.store.ForgetAttempts(ctx, e.now()) }
