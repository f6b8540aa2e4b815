package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/notification"
)

// Notifications keeps the deliveries of mails.
type Notifications struct{ *DB }

var _ notification.Store = Notifications{}

type deliveryRow struct {
	bun.BaseModel `bun:"notification"`
	ID            string `bun:"id,pk"`
	EventID       string `bun:"event_id"`
	Kind          string `bun:"kind"`
	Role          string `bun:"role"`
	Created       int64  `bun:"created"`
	Data          string `bun:"data"`
	State         string `bun:"state"`
	Recipient     string `bun:"recipient"`
	Requested     int64  `bun:"requested"`
	Due           *int64 `bun:"due"`
	Version       int64  `bun:"version"`
	Doc           string `bun:"doc"`
}

const deliveryColumns = `id, event_id, kind, role, created, data, state, recipient, requested, due, version, doc`

func newDeliveryRow(d notification.Delivery) (deliveryRow, error) {
	doc, err := json.Marshal(d)
	row := deliveryRow{ID: d.ID, EventID: d.EventID, Kind: string(d.Kind), Role: string(d.Role), Created: micros(d.CreatedAt), Data: string(d.Data),
		State: string(d.State), Recipient: d.Recipient, Requested: micros(d.RequestedAt), Version: d.Version, Doc: string(doc)}
	if d.DueAt != nil {
		row.Due = new(micros(*d.DueAt))
	}
	return row, err
}

// delivery puts together the document and what never changes after Add.
func (r deliveryRow) delivery() (d notification.Delivery, err error) {
	if err := json.Unmarshal([]byte(r.Doc), &d); err != nil {
		return d, fmt.Errorf("read delivery %s: %w", r.ID, err)
	}
	d.EventID, d.Kind, d.Role, d.CreatedAt, d.Data = r.EventID, notification.Kind(r.Kind), notification.Role(r.Role), fromMicros(r.Created), json.RawMessage(r.Data)
	return d, nil
}

// Add implements notification.Store.
func (s Notifications) Add(ctx context.Context, d notification.Delivery) (bool, error) {
	d.Version = 1
	row, err := newDeliveryRow(d)
	if err == nil {
		err = s.insert(ctx, "notification", &row)
	}
	if isDuplicate(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("add delivery %s: %w", d.ID, err)
	}
	return true, nil
}

// Delivery implements notification.Store. The comparison of the servers ignores
// spaces at the end of an id.
func (s Notifications) Delivery(ctx context.Context, id string) (notification.Delivery, error) {
	found, err := s.read(ctx, `WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return notification.Delivery{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return notification.Delivery{}, notification.ErrNotFound
	}
	return found[0], nil
}

// Save implements notification.Store.
func (s Notifications) Save(ctx context.Context, d *notification.Delivery) error {
	next := *d
	next.Version++
	row, err := newDeliveryRow(next)
	if err != nil {
		return fmt.Errorf("save delivery %s: %w", d.ID, err)
	}
	n, err := s.exec(ctx, `UPDATE {notification} SET state = ?, recipient = ?, requested = ?, due = ?, version = ?, doc = ? WHERE id = ? AND version = ?`,
		row.State, row.Recipient, row.Requested, row.Due, row.Version, row.Doc, d.ID, d.Version)
	switch {
	case err != nil:
		return fmt.Errorf("save delivery %s: %w", d.ID, err)
	case n == 0:
		return notification.ErrStale
	}
	d.Version = next.Version
	return nil
}

// Due implements notification.Store.
func (s Notifications) Due(ctx context.Context, now time.Time, limit int) ([]notification.Delivery, error) {
	return s.read(ctx, `WHERE due <= ? ORDER BY due, id LIMIT ?`, micros(now), limit)
}

// List implements notification.Store.
func (s Notifications) List(ctx context.Context, f notification.Filter, created time.Time, id string, limit int) ([]notification.Delivery, error) {
	where, args := []string{`1 = 1`}, []any{}
	add := func(cond string, values ...any) { where, args = append(where, cond), append(args, values...) }
	if f.State != "" {
		add(`state = ?`, string(f.State))
	}
	if f.Kind != "" {
		add(`kind = ?`, string(f.Kind))
	}
	if f.Recipient != "" {
		add(`recipient = ?`, f.Recipient)
	}
	if !created.IsZero() {
		add(`(created < ? OR created = ? AND id < ?)`, micros(created), micros(created), id)
	}
	return s.read(ctx, `WHERE `+strings.Join(where, ` AND `)+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, limit)...)
}

// Prune implements notification.Store.
func (s Notifications) Prune(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM {notification} WHERE due IS NULL AND requested < ?`, micros(before))
	if err != nil {
		return 0, fmt.Errorf("prune deliveries: %w", err)
	}
	return n, nil
}

func (s Notifications) read(ctx context.Context, tail string, args ...any) ([]notification.Delivery, error) {
	var rows []deliveryRow
	if err := s.scan(ctx, &rows, `SELECT `+deliveryColumns+` FROM {notification} `+tail, args...); err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	out := make([]notification.Delivery, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.delivery(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
