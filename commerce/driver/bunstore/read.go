package bunstore

import "context"

// Read answers a query of reports and audits that no store has. {cart} stands
// for the full name of a table and ? for an argument; dest is a pointer to a
// struct with bun tags, to a slice of them, or to scalars. No row for a single
// dest is sql.ErrNoRows. It joins the unit of work of ctx. Tables and columns
// change between releases: see the migrations.
func (d *DB) Read(ctx context.Context, dest any, query string, args ...any) error {
	return d.scan(ctx, dest, query, args...)
}
