package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// LedgerBetween implements payment.Store.
func (s Payments) LedgerBetween(ctx context.Context, from, to time.Time, after payment.Ledger, limit int) ([]payment.Ledger, error) {
	if from.Before(after.At) {
		from = after.At // the index is read from here
	}
	return s.readLedger(ctx, ` WHERE at >= ? AND at < ? AND (at > ? OR at = ? AND id > ?) ORDER BY at, id LIMIT ?`,
		micros(from), micros(to), micros(after.At), micros(after.At), after.ID, limit)
}

// LinesOf implements payment.Store.
func (s Payments) LinesOf(ctx context.Context, objects []string) ([]payment.Ledger, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	return s.readLedger(ctx, ` WHERE object IN (?) ORDER BY kind, object`, bun.List(objects))
}

type breakRow struct {
	ID        string `bun:"id"`
	Kind      string `bun:"kind"`
	Object    string `bun:"object"`
	Provider  string `bun:"provider"`
	PaymentID string `bun:"payment_id"`
	OrderID   string `bun:"order_id"`
	Ours      string `bun:"ours"`
	Theirs    string `bun:"theirs"`
	State     string `bun:"state"`
	FirstSeen int64  `bun:"first_seen"`
	LastSeen  int64  `bun:"last_seen"`
	Note      string `bun:"note"`
	Actor     string `bun:"actor"`
	Version   int64  `bun:"version"`
}

func (r breakRow) found() payment.Break {
	return payment.Break{ID: r.ID, Kind: r.Kind, Object: r.Object, Provider: r.Provider, PaymentID: r.PaymentID, OrderID: r.OrderID,
		Ours: r.Ours, Theirs: r.Theirs, State: payment.BreakState(r.State), FirstSeen: fromMicros(r.FirstSeen), LastSeen: fromMicros(r.LastSeen),
		Note: r.Note, Actor: r.Actor, Version: r.Version}
}

const breakColumns = `id, kind, object, provider, payment_id, order_id, ours, theirs, state, first_seen, last_seen, note, actor, version`

// SeeBreak implements payment.Store. The first statement adds the break or locks
// the one that is there, so that of many who see it at a time one adds it.
func (s Payments) SeeBreak(ctx context.Context, b payment.Break) (news bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		_, err := s.exec(ctx, `INSERT INTO {recon_break} (`+breakColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, 1)`+
			s.upsert("recon_break", "kind, object", "last_seen = new(last_seen)", "version = old(version) + 1"),
			b.ID, b.Kind, b.Object, b.Provider, b.PaymentID, b.OrderID, b.Ours, b.Theirs, micros(b.FirstSeen), micros(b.LastSeen), b.Note, b.Actor)
		if err != nil {
			return err
		}
		var now breakRow
		if err := s.scan(ctx, &now, `SELECT `+breakColumns+` FROM {recon_break} WHERE kind = ? AND object = ?`+s.locked(ctx), b.Kind, b.Object); err != nil {
			return err
		}
		news = now.Version == 1
		if now.Ours == b.Ours && now.Theirs == b.Theirs {
			return nil
		}
		news = now.State == string(payment.BreakResolved)
		_, err = s.exec(ctx, `UPDATE {recon_break} SET ours = ?, theirs = ?, state = 'open' WHERE kind = ? AND object = ?`, b.Ours, b.Theirs, b.Kind, b.Object)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("see break %s %s: %w", b.Kind, b.Object, err)
	}
	return news, nil
}

// Break implements payment.Store. The comparison of the servers ignores spaces
// at the end of an id.
func (s Payments) Break(ctx context.Context, id string) (payment.Break, error) {
	found, err := s.readBreaks(ctx, ` WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return payment.Break{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return payment.Break{}, payment.ErrBreakNotFound
	}
	return found[0], nil
}

func (s Payments) readBreaks(ctx context.Context, tail string, args ...any) ([]payment.Break, error) {
	var rows []breakRow
	if err := s.scan(ctx, &rows, `SELECT `+breakColumns+` FROM {recon_break}`+tail, args...); err != nil {
		return nil, fmt.Errorf("read breaks: %w", err)
	}
	out := make([]payment.Break, len(rows))
	for i, r := range rows {
		out[i] = r.found()
	}
	return out, nil
}

// SaveBreak implements payment.Store.
func (s Payments) SaveBreak(ctx context.Context, b *payment.Break) error {
	n, err := s.exec(ctx, `UPDATE {recon_break} SET state = ?, note = ?, actor = ?, version = version + 1 WHERE id = ? AND version = ?`,
		string(b.State), b.Note, b.Actor, b.ID, b.Version)
	switch {
	case err != nil:
		return fmt.Errorf("save break %s: %w", b.ID, err)
	case n == 0:
		return payment.ErrStale
	}
	b.Version++
	return nil
}

// Breaks implements payment.Store.
func (s Payments) Breaks(ctx context.Context, f payment.BreakFilter) ([]payment.Break, error) {
	where := conditions{}
	where.add(`id > ?`, f.After)
	if f.State != "" {
		where.add(`state = ?`, string(f.State))
	}
	if f.OrderID != "" {
		where.add(`order_id = ?`, f.OrderID)
	}
	return s.readBreaks(ctx, where.text+` ORDER BY id LIMIT ?`, append(where.args, f.Limit)...)
}

// Watermark implements payment.Store.
func (s Payments) Watermark(ctx context.Context, name string) (time.Time, error) {
	var at int64
	if err := s.scan(ctx, &at, `SELECT at FROM {recon_mark} WHERE name = ?`, name); err != nil && !noRows(err) {
		return time.Time{}, fmt.Errorf("read watermark %s: %w", name, err)
	}
	return fromMicros(at), nil
}

// SetWatermark implements payment.Store.
func (s Payments) SetWatermark(ctx context.Context, name string, at time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO {recon_mark} (name, at) VALUES (?, ?)`+s.upsert("recon_mark", "name", "at = new(at)"), name, micros(at))
	if err != nil {
		return fmt.Errorf("set watermark %s: %w", name, err)
	}
	return nil
}
