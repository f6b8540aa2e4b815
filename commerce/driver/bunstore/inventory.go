package bunstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/inventory"
)

// Inventory keeps stock.
type Inventory struct{ *DB }

var _ inventory.Store = Inventory{}

type stockRow struct {
	bun.BaseModel `bun:"stock"`
	VariantID     string `bun:"variant_id,pk"`
	LocationID    string `bun:"location_id,pk"`
	OnHand        int64  `bun:"on_hand"`
	Reserved      int64  `bun:"reserved"`
	Tracked       int    `bun:"tracked"`
	Backorder     int64  `bun:"backorder"`
	Version       int64  `bun:"version"`
	Updated       int64  `bun:"updated"`
}

func (r stockRow) level() inventory.Level {
	return inventory.Level{VariantID: r.VariantID, LocationID: r.LocationID, OnHand: r.OnHand, Reserved: r.Reserved,
		Tracked: r.Tracked != 0, Backorder: r.Backorder, Version: r.Version, UpdatedAt: fromMicros(r.Updated)}
}

func stockRowOf(l inventory.Level) stockRow {
	return stockRow{VariantID: l.VariantID, LocationID: l.LocationID, OnHand: l.OnHand, Reserved: l.Reserved,
		Tracked: bit(l.Tracked), Backorder: l.Backorder, Version: l.Version, Updated: micros(l.UpdatedAt)}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

const stockColumns = `s.variant_id, s.location_id, s.on_hand, s.reserved, s.tracked, s.backorder, s.version, s.updated`

func (s Inventory) scanLevels(ctx context.Context, query string, args ...any) ([]inventory.Level, error) {
	var rows []stockRow
	if err := s.scan(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read stock: %w", err)
	}
	levels := make([]inventory.Level, len(rows))
	for i, r := range rows {
		levels[i] = r.level()
	}
	return levels, nil
}

// Stock implements inventory.Store.
func (s Inventory) Stock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	if len(variantIDs) == 0 {
		return nil, nil
	}
	return s.scanLevels(ctx, `SELECT `+stockColumns+` FROM {stock} AS s LEFT JOIN {location} AS l ON l.id = s.location_id
		WHERE s.variant_id IN (?) ORDER BY s.variant_id, COALESCE(l.priority, 0), s.location_id`, bun.List(variantIDs))
}

// Lock implements inventory.Store.
func (s Inventory) Lock(ctx context.Context, variantIDs []string) ([]inventory.Level, error) {
	if len(variantIDs) == 0 {
		return nil, nil
	}
	return s.scanLevels(ctx, `SELECT `+stockColumns+` FROM {stock} AS s WHERE s.variant_id IN (?)
		ORDER BY s.variant_id, s.location_id`+s.locked(ctx), bun.List(variantIDs))
}

// Shift implements inventory.Store.
func (s Inventory) Shift(ctx context.Context, by inventory.Shift) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {stock} SET on_hand = on_hand + ?, reserved = reserved + ?, version = version + 1, updated = ?
		WHERE variant_id = ? AND location_id = ? AND on_hand + ? >= 0 AND reserved + ? >= 0
		AND (tracked = 0 OR reserved + ? <= on_hand + ? + backorder)`,
		by.OnHand, by.Reserved, micros(by.At), by.VariantID, by.LocationID, by.OnHand, by.Reserved, by.Reserved, by.OnHand)
	if err != nil {
		return false, fmt.Errorf("shift stock of %s at %s: %w", by.VariantID, by.LocationID, err)
	}
	return n == 1, nil
}

// SaveLevels implements inventory.Store.
func (s Inventory) SaveLevels(ctx context.Context, levels []inventory.Level) error {
	return s.Do(ctx, func(ctx context.Context) error {
		var added []stockRow
		for _, l := range levels {
			if l.Version == 0 {
				l.Version, l.Reserved = 1, 0
				added = append(added, stockRowOf(l))
				continue
			}
			if err := s.saveLevel(ctx, l); err != nil {
				return err
			}
		}
		if len(added) == 0 {
			return nil
		}
		return stockErr(s.insert(ctx, "stock", &added))
	})
}

func (s Inventory) saveLevel(ctx context.Context, l inventory.Level) error {
	n, err := s.exec(ctx, `UPDATE {stock} SET on_hand = ?, tracked = ?, backorder = ?, version = version + 1, updated = ?
		WHERE variant_id = ? AND location_id = ? AND version = ?`,
		l.OnHand, bit(l.Tracked), l.Backorder, micros(l.UpdatedAt), l.VariantID, l.LocationID, l.Version)
	if err == nil && n == 0 {
		return inventory.ErrLevelChanged
	}
	return stockErr(err)
}

func stockErr(err error) error {
	switch {
	case err == nil:
		return nil
	case isDuplicate(err):
		return inventory.ErrLevelChanged.Because(err)
	case isCheck(err):
		return inventory.ErrBelowReserved.Because(err)
	default:
		return fmt.Errorf("save stock: %w", err)
	}
}

// Levels implements inventory.Store.
func (s Inventory) Levels(ctx context.Context, f inventory.LevelFilter) ([]inventory.Level, error) {
	where := conditions{}
	if len(f.VariantIDs) > 0 {
		where.add(`s.variant_id IN (?)`, bun.List(f.VariantIDs))
	}
	if f.LocationID != "" {
		where.add(`s.location_id = ?`, f.LocationID)
	}
	if f.After != (inventory.LevelKey{}) {
		where.add(`(s.variant_id > ? OR s.variant_id = ? AND s.location_id > ?)`, f.After.VariantID, f.After.VariantID, f.After.LocationID)
	}
	return s.scanLevels(ctx, `SELECT `+stockColumns+` FROM {stock} AS s`+where.text+` ORDER BY s.variant_id, s.location_id LIMIT ?`,
		append(where.args, f.Limit)...)
}

// conditions is a WHERE clause that grows. The zero value is none.
type conditions struct {
	text string
	args []any
}

func (c *conditions) add(text string, args ...any) {
	if c.text == "" {
		c.text = " WHERE " + text
	} else {
		c.text += " AND " + text
	}
	c.args = append(c.args, args...)
}

type locationRow struct {
	bun.BaseModel `bun:"location"`
	ID            string `bun:"id,pk"`
	Name          string `bun:"name"`
	Priority      int    `bun:"priority"`
}

// Locations implements inventory.Store.
func (s Inventory) Locations(ctx context.Context) ([]inventory.Location, error) {
	var rows []locationRow
	if err := s.scan(ctx, &rows, `SELECT id, name, priority FROM {location} ORDER BY priority, id`); err != nil {
		return nil, fmt.Errorf("read locations: %w", err)
	}
	out := make([]inventory.Location, len(rows))
	for i, r := range rows {
		out[i] = inventory.Location{ID: r.ID, Name: r.Name, Priority: r.Priority}
	}
	return out, nil
}

// SaveLocation implements inventory.Store.
func (s Inventory) SaveLocation(ctx context.Context, l inventory.Location) error {
	_, err := s.exec(ctx, `INSERT INTO {location} (id, name, priority) VALUES (?, ?, ?)`+
		s.upsert("location", "id", "name = new(name)", "priority = new(priority)"), l.ID, l.Name, l.Priority)
	if err != nil {
		return fmt.Errorf("save location %s: %w", l.ID, err)
	}
	return nil
}
