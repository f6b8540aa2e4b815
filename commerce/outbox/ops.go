package outbox

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is an outbox and the inbox beside it as those see it who run the
// shop: an Engine here, a Client elsewhere, or All of several.
type Service interface {
	Status(ctx context.Context, in op.Nothing) (Status, error)
	Dead(ctx context.Context, in Letters) (page.Page[Letter], error)
	Redrive(ctx context.Context, in LetterInput) (op.Nothing, error)
	Drop(ctx context.Context, in LetterInput) (op.Nothing, error)
	Republish(ctx context.Context, in RepublishInput) (RepublishOutput, error)
	Events(ctx context.Context, in EventsInput) (EventsOutput, error)
}

// The operations, as transports know them.
var (
	OpStatus = op.Op[op.Nothing, Status]{Name: "outbox.status", Kind: op.Query, Access: "outbox:read",
		Doc: "How far the publishing of events is behind, and how many consumers have put aside, for each database."}
	OpDead = op.Op[Letters, page.Page[Letter]]{Name: "outbox.dead", Kind: op.Query, Access: "outbox:read",
		Doc: "The events that consumers have put aside, by consumer and event."}
	OpRedrive = op.Op[LetterInput, op.Nothing]{Name: "outbox.redrive", Access: "outbox:write",
		Doc: "Gives an event that was put aside to its consumer once more.", Fails: []*fault.Error{ErrNoLetter}}
	OpDrop = op.Op[LetterInput, op.Nothing]{Name: "outbox.drop", Access: "outbox:write",
		Doc: "Gives an event up that was put aside: its consumer will never take it.", Fails: []*fault.Error{ErrNoLetter}}
	OpRepublish = op.Op[RepublishInput, RepublishOutput]{Name: "outbox.republish", Access: "outbox:write",
		Doc: "Publishes events again that were published in the last 7 days. Consumers that have taken them do not take them twice."}
	OpEvents = op.Op[EventsInput, EventsOutput]{Name: "outbox.events", Kind: op.Query, Access: "outbox:read",
		Doc: "The events of some things in the last 7 days, and what became of them with their consumers."}
)

// Status says how it stands with outboxes and inboxes.
type Status struct {
	Stores []StoreStatus `json:"stores"`
}

// StoreStatus says how it stands with the outbox and the inbox of one database.
type StoreStatus struct {
	Store    string      `json:"store" doc:"Names the database."`
	Services []string    `json:"services" doc:"Those that have their events in it."`
	Pending  int64       `json:"pending" doc:"Events that are not published yet."`
	Oldest   *time.Time  `json:"oldest" doc:"When the oldest of them happened."`
	Leases   []Lease     `json:"leases" doc:"Who publishes."`
	Dead     []DeadCount `json:"dead" doc:"Who has put events aside."`
	Error    string      `json:"error,omitempty" doc:"Why nothing is known."`
}

// Lease says which relay publishes a part of an outbox, and until when it has
// it for itself.
type Lease struct {
	Part  int       `json:"part"`
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
}

// DeadCount is how many dead letters a consumer has.
type DeadCount struct {
	Consumer string `json:"consumer"`
	Count    int64  `json:"count"`
}

// Letters asks for dead letters.
type Letters struct {
	page.Query
	Consumer string `json:"consumer,omitempty" query:"consumer" maxLength:"64" doc:"Only of this one."`
}

// LetterInput names a dead letter.
type LetterInput struct {
	Consumer string `json:"consumer" minLength:"1" maxLength:"64"`
	EventID  string `json:"event_id" minLength:"1" maxLength:"64"`
}

// RepublishInput says what to publish again. One of its fields is needed.
type RepublishInput struct {
	Since *time.Time `json:"since,omitempty" doc:"What was published from then on."`
	Key   string     `json:"key,omitempty" maxLength:"100" doc:"Only events of the thing with this id."`
}

// RepublishOutput says how many events will be published again.
type RepublishOutput struct {
	Count int64 `json:"count"`
}

// Register serves the operations of s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpStatus, s.Status)
	op.Handle(r, OpDead, s.Dead)
	op.Handle(r, OpRedrive, s.Redrive)
	op.Handle(r, OpDrop, s.Drop)
	op.Handle(r, OpRepublish, s.Republish)
	op.Handle(r, OpEvents, s.Events)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Status implements Service.
func (c Client) Status(ctx context.Context, in op.Nothing) (Status, error) {
	return op.Call(ctx, c.Caller, OpStatus, in)
}

// Dead implements Service.
func (c Client) Dead(ctx context.Context, in Letters) (page.Page[Letter], error) {
	return op.Call(ctx, c.Caller, OpDead, in)
}

// Redrive implements Service.
func (c Client) Redrive(ctx context.Context, in LetterInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpRedrive, in)
}

// Drop implements Service.
func (c Client) Drop(ctx context.Context, in LetterInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpDrop, in)
}

// Republish implements Service.
func (c Client) Republish(ctx context.Context, in RepublishInput) (RepublishOutput, error) {
	return op.Call(ctx, c.Caller, OpRepublish, in)
}

// Events implements Service.
func (c Client) Events(ctx context.Context, in EventsInput) (EventsOutput, error) {
	return op.Call(ctx, c.Caller, OpEvents, in)
}
