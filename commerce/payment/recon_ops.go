package payment

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Reconciler is the part of a Service that compares books and looks after what
// providers have sent.
type Reconciler interface {
	Reconcile(ctx context.Context, in ReconcileInput) (Reconciliation, error)
	Breaks(ctx context.Context, in BreaksInput) (page.Page[Break], error)
	Break(ctx context.Context, in IDInput) (Break, error)
	ResolveBreak(ctx context.Context, in ResolveBreakInput) (Break, error)
	Notices(ctx context.Context, in NoticesInput) (page.Page[Received], error)
	ReplayNotice(ctx context.Context, in ReplayNoticeInput) (Received, error)
}

// The operations of a Reconciler.
var (
	OpReconcile = op.Op[ReconcileInput, Reconciliation]{Name: "payment.reconcile", Access: "payments:write",
		Doc: "Asks providers for what has not arrived, applies it, and compares the ledger with their books."}
	OpBreaks = op.Op[BreaksInput, page.Page[Break]]{Name: "payment.breaks", Kind: op.Query, Access: "payments:read",
		Doc: "What our books and those of providers do not agree on."}
	OpBreak = op.Op[IDInput, Break]{Name: "payment.break", Kind: op.Query, Access: "payments:read",
		Doc: "One break.", Fails: []*fault.Error{ErrBreakNotFound}}
	OpResolveBreak = op.Op[ResolveBreakInput, Break]{Name: "payment.resolve_break", Access: "payments:write",
		Doc: "Says that somebody has looked at a break. It opens again when something else is found.", Fails: []*fault.Error{ErrBreakNotFound}}
	OpNotices = op.Op[NoticesInput, page.Page[Received]]{Name: "payment.notices", Kind: op.Query, Access: "payments:read",
		Doc: "What payment providers have sent (webhooks), the latest first."}
	OpReplayNotice = op.Op[ReplayNoticeInput, Received]{Name: "payment.replay_notice", Access: "payments:write",
		Doc: "Does what a provider's notice is about once more: asks how the payment stands.", Fails: []*fault.Error{ErrNoticeNotFound}}
)

// What ReconcileInput.Only can name.
const (
	OnlyCatchUp = "catch_up"
	OnlyCompare = "compare"
)

// ReconcileInput says what to do.
type ReconcileInput struct {
	Only string `json:"only,omitempty" enum:"catch_up,compare" doc:"Absent: both."`
}

// Reconciliation is what came of a run.
type Reconciliation struct {
	Providers []ProviderBooks `json:"providers" doc:"Those that tell what has moved."`
	Payments  int64           `json:"payments" doc:"Payments that were compared with their lines in the ledger."`
	Found     int64           `json:"found" doc:"Breaks that are new, or open again."`
	Resolved  int64           `json:"resolved" doc:"Breaks that were gone."`
	Open      int64           `json:"open" doc:"Breaks that wait for somebody now."`
}

// ProviderBooks is what came of a run with one provider.
type ProviderBooks struct {
	Provider  string `json:"provider"`
	Notices   int64  `json:"notices" doc:"That had not arrived."`
	Movements int64  `json:"movements" doc:"That were compared."`
	Lines     int64  `json:"lines" doc:"Of the ledger that were compared."`
	Fees      int64  `json:"fees" doc:"That are new in the ledger."`
	Error     string `json:"error,omitempty" doc:"Why this is not all."`
}

// BreaksInput asks for a page of breaks.
type BreaksInput struct {
	page.Query
	State   BreakState `json:"state,omitempty" query:"state" enum:"open,resolved"`
	OrderID string     `json:"order_id,omitempty" query:"order_id" maxLength:"64"`
}

// ResolveBreakInput says what came of looking at a break.
type ResolveBreakInput struct {
	ID   string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Note string `json:"note" minLength:"1" maxLength:"500"`
}

// NoticesInput asks for a page of notices.
type NoticesInput struct {
	page.Query
	State   NoticeState `json:"state,omitempty" query:"state" enum:"open,done,ignored,failed"`
	OrderID string      `json:"order_id,omitempty" query:"order_id" maxLength:"64" doc:"Only about the payments of this order; then there is one page."`
}

// ReplayNoticeInput names a notice.
type ReplayNoticeInput struct {
	Provider string `json:"provider" path:"provider" minLength:"1" maxLength:"64"`
	ID       string `json:"id" path:"id" minLength:"1" maxLength:"255"`
}

func registerReconciler(r op.Registrar, s Reconciler) {
	op.Handle(r, OpReconcile, s.Reconcile)
	op.Handle(r, OpBreaks, s.Breaks)
	op.Handle(r, OpBreak, s.Break)
	op.Handle(r, OpResolveBreak, s.ResolveBreak)
	op.Handle(r, OpNotices, s.Notices)
	op.Handle(r, OpReplayNotice, s.ReplayNotice)
}

// Reconcile implements Service.
func (c Client) Reconcile(ctx context.Context, in ReconcileInput) (Reconciliation, error) {
	return op.Call(ctx, c.Caller, OpReconcile, in)
}

// Breaks implements Service.
func (c Client) Breaks(ctx context.Context, in BreaksInput) (page.Page[Break], error) {
	return op.Call(ctx, c.Caller, OpBreaks, in)
}

// Break implements Service.
func (c Client) Break(ctx context.Context, in IDInput) (Break, error) {
	return op.Call(ctx, c.Caller, OpBreak, in)
}

// ResolveBreak implements Service.
func (c Client) ResolveBreak(ctx context.Context, in ResolveBreakInput) (Break, error) {
	return op.Call(ctx, c.Caller, OpResolveBreak, in)
}

// Notices implements Service.
func (c Client) Notices(ctx context.Context, in NoticesInput) (page.Page[Received], error) {
	return op.Call(ctx, c.Caller, OpNotices, in)
}

// ReplayNotice implements Service.
func (c Client) ReplayNotice(ctx context.Context, in ReplayNoticeInput) (Received, error) {
	return op.Call(ctx, c.Caller, OpReplayNotice, in)
}
