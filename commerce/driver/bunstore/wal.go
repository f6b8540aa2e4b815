package bunstore

import (
	"context"
	"database/sql"
)

// Somebody who reads a SQLite file for long, a backup or an export, keeps its log
// from beginning anew: it would grow with each commit until the disk is full.
const (
	walEvery = 100  // commits between two looks at the log
	walMost  = 5000 // pages in it, 20 MB, from which on writers wait for readers
)

// tidyLog keeps the log of a SQLite file small. It looks once in a while, on the
// one connection that writes, after a commit; when there is much in the log it
// lets the next writer wait up to a second for those who still read there.
func (d *DB) tidyLog(conn *sql.Conn) {
	if d.dialect != SQLite || !d.owned || d.commits.Add(1)%walEvery != 0 {
		return
	}
	ctx := context.Background() // it is nobody's request
	pages, err := checkpoint(ctx, conn, "PASSIVE")
	if err == nil && pages > walMost {
		_, _ = conn.ExecContext(ctx, "PRAGMA busy_timeout = 1000")
		_, err = checkpoint(ctx, conn, "RESTART")
		_, _ = conn.ExecContext(ctx, "PRAGMA busy_timeout = 5000")
	}
	if err != nil {
		d.log.Warn("the log of the database stays as it is", "pages", pages, "err", err)
	}
}

// checkpoint moves what is in the log to its place, and returns how many pages
// are in the log.
func checkpoint(ctx context.Context, conn *sql.Conn, mode string) (pages int, err error) {
	var busy, moved int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &moved)
	return pages, err
}
