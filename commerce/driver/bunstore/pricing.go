package bunstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Pricing is a pricing.Store.
type Pricing struct{ *DB }

var _ pricing.Store = Pricing{}

// priceChunk is how many prices one statement writes.
const priceChunk = 500

// generationOf reads the generation as part of another statement, so that both
// are one reading.
const generationOf = `COALESCE((SELECT n FROM {price_generation} WHERE name = 'pricing'), 0)`

// Generation implements pricing.Store.
func (s Pricing) Generation(ctx context.Context) (n int64, err error) {
	if err = s.scan(ctx, &n, `SELECT `+generationOf); err != nil {
		return 0, fmt.Errorf("generation of prices: %w", err)
	}
	return n, nil
}

// Bump implements pricing.Store.
func (s Pricing) Bump(ctx context.Context) error {
	_, err := s.exec(ctx, `INSERT INTO {price_generation} (name, n) VALUES ('pricing', 1)`+s.upsert("price_generation", "name", "n = old(n) + 1"))
	if err != nil {
		return fmt.Errorf("raise generation of prices: %w", err)
	}
	return nil
}

// Settings implements pricing.Store.
func (s Pricing) Settings(ctx context.Context) (out pricing.Settings, err error) {
	var rows []struct {
		Kind int    `bun:"kind"`
		N    int64  `bun:"n"`
		ID   string `bun:"id"`
		Doc  string `bun:"doc"`
	}
	err = s.scan(ctx, &rows, `SELECT 0 AS kind, `+generationOf+` AS n, '' AS id, '' AS doc
		UNION ALL SELECT 1, 0, id, CAST(doc AS CHAR) FROM {market}
		UNION ALL SELECT 2, 0, id, CAST(doc AS CHAR) FROM {tax_rate}
		UNION ALL SELECT 3, 0, id, CAST(doc AS CHAR) FROM {shipping_method}
		UNION ALL SELECT 4, version, id, doc FROM {promotion} WHERE automatic = 1
		ORDER BY kind, id`)
	for _, r := range rows {
		if err != nil {
			break
		}
		switch r.Kind {
		case 0:
			out.Generation = r.N
		case 1:
			err = appendDoc(&out.Markets, r.Doc)
		case 2:
			err = appendDoc(&out.TaxRates, r.Doc)
		case 3:
			err = appendDoc(&out.ShippingMethods, r.Doc)
		case 4:
			if err = appendDoc(&out.Promotions, r.Doc); err == nil {
				out.Promotions[len(out.Promotions)-1].Version = r.N
			}
		}
	}
	if err != nil {
		return pricing.Settings{}, fmt.Errorf("settings of prices: %w", err)
	}
	return out, nil
}

func appendDoc[T any](list *[]T, doc string) error {
	var v T
	err := json.Unmarshal([]byte(doc), &v)
	*list = append(*list, v)
	return err
}

// priceRow is a row of price, with the generation in N where it was asked for.
type priceRow struct {
	N           int64  `bun:"n,scanonly"`
	VariantID   string `bun:"variant_id"`
	Currency    string `bun:"currency"`
	Market      string `bun:"market"`
	MinQuantity int64  `bun:"min_quantity"`
	Amount      int64  `bun:"amount"`
	CompareAt   *int64 `bun:"compare_at"`
}

func (r priceRow) price() pricing.Price {
	c := money.Currency(r.Currency)
	p := pricing.Price{VariantID: r.VariantID, Market: r.Market, MinQuantity: r.MinQuantity, Amount: money.New(r.Amount, c)}
	if r.CompareAt != nil {
		p.CompareAt = new(money.New(*r.CompareAt, c))
	}
	return p
}

// priceRows returns the rows of prices in the order of their keys, in which
// every unit locks them.
func priceRows(prices []pricing.Price) []priceRow {
	rows := make([]priceRow, len(prices))
	for i, p := range prices {
		rows[i] = priceRow{VariantID: p.VariantID, Currency: string(p.Amount.Currency), Market: p.Market, MinQuantity: p.MinQuantity, Amount: p.Amount.Minor}
		if p.CompareAt != nil {
			rows[i].CompareAt = new(p.CompareAt.Minor)
		}
	}
	slices.SortFunc(rows, func(a, b priceRow) int {
		return cmp.Or(strings.Compare(a.VariantID, b.VariantID), strings.Compare(a.Currency, b.Currency),
			strings.Compare(a.Market, b.Market), cmp.Compare(a.MinQuantity, b.MinQuantity))
	})
	return rows
}

// Prices implements pricing.Store.
func (s Pricing) Prices(ctx context.Context, f pricing.PriceFilter) ([]pricing.Price, int64, error) {
	ids := slices.DeleteFunc(slices.Clone(f.VariantIDs), unlikeID)
	if len(ids) == 0 {
		n, err := s.Generation(ctx)
		return []pricing.Price{}, n, err
	}
	q, args := `p.variant_id IN (?)`, []any{bun.List(ids)}
	if unlikeID(f.Market) {
		f.Market = ""
	}
	if f.Currency != "" {
		q, args = q+` AND p.currency = ? AND p.market IN ('', ?)`, append(args, string(f.Currency), f.Market)
	}
	var rows []priceRow
	err := s.scan(ctx, &rows, `SELECT `+generationOf+` AS n, COALESCE(p.variant_id, '') AS variant_id, COALESCE(p.currency, '') AS currency,
		COALESCE(p.market, '') AS market, COALESCE(p.min_quantity, 0) AS min_quantity, COALESCE(p.amount, 0) AS amount, p.compare_at
		FROM (SELECT 1 AS one) AS always LEFT JOIN {price} AS p ON `+q+` ORDER BY p.variant_id, p.currency, p.market, p.min_quantity`, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("prices: %w", err)
	}
	out := []pricing.Price{}
	for _, r := range rows {
		if r.VariantID != "" {
			out = append(out, r.price())
		}
	}
	return out, rows[0].N, nil
}

// LockPrices implements pricing.Store. One row stands for all prices: a variant
// that has none yet has no row to lock.
func (s Pricing) LockPrices(ctx context.Context, variantIDs []string) ([]pricing.Price, error) {
	out, ids := []pricing.Price{}, slices.DeleteFunc(slices.Clone(variantIDs), unlikeID)
	if len(ids) == 0 {
		return out, nil
	}
	if s.locked(ctx) != "" {
		q := `INSERT INTO {price_generation} (name, n) VALUES ('lock:prices', 1)` + s.upsert("price_generation", "name", "n = old(n) + 1")
		if _, err := s.exec(ctx, q); err != nil {
			return nil, fmt.Errorf("lock prices: %w", err)
		}
	}
	var rows []priceRow
	err := s.scan(ctx, &rows, `SELECT variant_id, currency, market, min_quantity, amount, compare_at FROM {price}
		WHERE variant_id IN (?) ORDER BY variant_id, currency, market, min_quantity`+s.locked(ctx), bun.List(ids))
	if err != nil {
		return nil, fmt.Errorf("lock prices: %w", err)
	}
	for _, r := range rows {
		out = append(out, r.price())
	}
	return out, nil
}

// ReplacePrices implements pricing.Store.
func (s Pricing) ReplacePrices(ctx context.Context, gone, put []pricing.Price) error {
	return s.Do(ctx, func(ctx context.Context) error {
		for rows := range slices.Chunk(priceRows(gone), priceChunk) {
			if err := s.deletePrices(ctx, rows); err != nil {
				return fmt.Errorf("delete prices: %w", err)
			}
		}
		for rows := range slices.Chunk(priceRows(put), priceChunk) {
			if err := s.upsertPrices(ctx, rows); err != nil {
				return fmt.Errorf("write prices: %w", err)
			}
		}
		return nil
	})
}

func (s Pricing) deletePrices(ctx context.Context, rows []priceRow) error {
	q := s.write.NewDelete().ModelTableExpr("?", s.name("price"))
	for _, r := range rows {
		q.WhereOr("variant_id = ? AND currency = ? AND market = ? AND min_quantity = ?", r.VariantID, r.Currency, r.Market, r.MinQuantity)
	}
	return s.use(ctx, s.write, func(conn bun.IConn) error {
		_, err := q.Conn(conn).Exec(ctx)
		return err
	})
}

func (s Pricing) upsertPrices(ctx context.Context, rows []priceRow) error {
	tail := s.upsert("price", "variant_id, currency, market, min_quantity", "amount = new(amount)", "compare_at = new(compare_at)")
	return s.use(ctx, s.write, func(conn bun.IConn) error {
		_, err := s.write.NewInsert().Model(&rows).ModelTableExpr("?", s.name("price")).
			On(strings.TrimPrefix(tail, " ON ")).Returning("").Conn(conn).Exec(ctx)
		return err
	})
}

// unlikeID reports whether nothing can have s as its id. MySQL and MariaDB fail
// when they are to compare a column of ASCII with other characters.
func unlikeID(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// Market implements pricing.Store.
func (s Pricing) Market(ctx context.Context, id string) (m pricing.Market, err error) {
	err = s.doc(ctx, "market", id, &m, pricing.ErrMarketNotFound)
	return m, err
}

// CreateMarket implements pricing.Store.
func (s Pricing) CreateMarket(ctx context.Context, m pricing.Market) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("market %s: %w", m.ID, err)
	}
	_, err = s.exec(ctx, `INSERT INTO {market} (id, doc) VALUES (?, ?)`, m.ID, string(data))
	if isDuplicate(err) {
		return pricing.ErrTaken
	}
	if err != nil {
		return fmt.Errorf("create market %s: %w", m.ID, err)
	}
	return nil
}

// SaveMarket implements pricing.Store.
func (s Pricing) SaveMarket(ctx context.Context, m pricing.Market) error {
	return s.saveDoc(ctx, "market", m.ID, m)
}

// TaxRate implements pricing.Store.
func (s Pricing) TaxRate(ctx context.Context, id string) (r pricing.TaxRate, err error) {
	err = s.doc(ctx, "tax_rate", id, &r, pricing.ErrTaxRateNotFound)
	return r, err
}

// SaveTaxRate implements pricing.Store.
func (s Pricing) SaveTaxRate(ctx context.Context, r pricing.TaxRate) error {
	return s.saveDoc(ctx, "tax_rate", r.ID, r)
}

// DeleteTaxRate implements pricing.Store.
func (s Pricing) DeleteTaxRate(ctx context.Context, id string) error {
	return s.deleteDoc(ctx, "tax_rate", id, pricing.ErrTaxRateNotFound)
}

// ShippingMethod implements pricing.Store.
func (s Pricing) ShippingMethod(ctx context.Context, id string) (m pricing.ShippingMethod, err error) {
	err = s.doc(ctx, "shipping_method", id, &m, pricing.ErrShippingMethodNotFound)
	return m, err
}

// SaveShippingMethod implements pricing.Store.
func (s Pricing) SaveShippingMethod(ctx context.Context, m pricing.ShippingMethod) error {
	return s.saveDoc(ctx, "shipping_method", m.ID, m)
}

// DeleteShippingMethod implements pricing.Store.
func (s Pricing) DeleteShippingMethod(ctx context.Context, id string) error {
	return s.deleteDoc(ctx, "shipping_method", id, pricing.ErrShippingMethodNotFound)
}

// doc reads the document of a settings table into v.
func (s Pricing) doc(ctx context.Context, table, id string, v any, missing error) error {
	if unlikeID(id) {
		return missing
	}
	var text string
	err := s.scan(ctx, &text, `SELECT doc FROM {`+table+`} WHERE id = ?`+s.locked(ctx), id)
	if noRows(err) {
		return missing
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), v)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", table, id, err)
	}
	return nil
}

func (s Pricing) saveDoc(ctx context.Context, table, id string, v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		_, err = s.exec(ctx, `INSERT INTO {`+table+`} (id, doc) VALUES (?, ?)`+s.upsert(table, "id", "doc = new(doc)"), id, string(data))
	}
	if err != nil {
		return fmt.Errorf("save %s %s: %w", table, id, err)
	}
	return nil
}

func (s Pricing) deleteDoc(ctx context.Context, table, id string, missing error) error {
	if unlikeID(id) {
		return missing
	}
	n, err := s.exec(ctx, `DELETE FROM {`+table+`} WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", table, id, err)
	}
	if n == 0 {
		return missing
	}
	return nil
}
