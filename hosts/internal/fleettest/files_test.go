package fleettest_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// files sends catalog files through the gateway. The product service dies in the
// middle of one, and goes on with it; what is in files does not go over NATS.
func (p running) files(t *testing.T) {
	var file bytes.Buffer
	if err := importer.Generate(&file, 500, 1); err != nil {
		t.Fatal(err)
	}
	where := p.upload(t, file.String())
	p.killHalfway(t)
	for _, route := range []string{"GET " + where, "POST /v1/admin/imports", "GET /v1/admin/exports/catalog"} {
		a := p.staff(t, route, "")
		if a.status != 503 || a.header.Get("Retry-After") == "" || a.field(t, "code") != "unavailable" {
			t.Errorf("%s without the product service: %d %v %s, want 503", route, a.status, a.header, a.body)
		}
	}
	p.fleet.Up("product")
	first := p.imported(t, where)
	if first.Status != boot.ImportSucceeded || first.Report.Rows < 500 || first.Report.Created == 0 || first.Report.Created+first.Report.Updated+first.Report.Unchanged != first.Report.Products {
		t.Fatalf("import %+v %+v, want it done after the restart", first, first.Report)
	}
	if a := p.staff(t, "GET "+where+"/report?format=csv", ""); a.status != 200 || !bytes.HasPrefix(a.body, []byte("row,line,")) {
		t.Errorf("report %d %.200s", a.status, a.body)
	}
	again := p.imported(t, p.upload(t, file.String()))
	if r := again.Report; again.Status != boot.ImportSucceeded || r.Unchanged != r.Products || r.Products != first.Report.Products {
		t.Errorf("the same file again: %+v, want all unchanged", again.Report)
	}
	p.sameFile(t, file.String())
	p.largeRow(t)
}

// staff sends a request as somebody who may do everything.
func (p running) staff(t *testing.T, route, body string) answer {
	t.Helper()
	return p.ask(t, route, body, "Authorization", "Bearer "+p.key, "Idempotency-Key", ident.NewID("key"), "Content-Type", "text/csv")
}

func (p running) upload(t *testing.T, file string) (where string) {
	t.Helper()
	a := p.staff(t, "POST /v1/admin/imports?stock=set", file)
	if a.status != 202 || !strings.HasPrefix(a.header.Get("Location"), "/v1/admin/imports/imp_") {
		t.Fatalf("upload: %d %s", a.status, a.body)
	}
	return a.header.Get("Location")
}

// killHalfway kills the product service when a few products are there.
func (p running) killHalfway(t *testing.T) {
	t.Helper()
	db := p.fleet.DB("product")
	count := func() (n int) {
		if err := db.Read(t.Context(), &n, "SELECT COUNT(*) FROM {product}"); err != nil {
			t.Fatal(err)
		}
		return n
	}
	p.fleet.Until("products are there", func() bool { return count() > 10 })
	p.fleet.Kill("product")
	t.Logf("killed after %d products", count())
}

// imported waits until an import is over.
func (p running) imported(t *testing.T, where string) (in boot.Import) {
	t.Helper()
	p.fleet.Until("the import is over", func() bool {
		in = boot.Import{}
		if a := p.staff(t, "GET "+where, ""); a.status != 200 || json.Unmarshal(a.body, &in) != nil {
			t.Fatalf("import: %d %s", a.status, a.body)
		}
		return in.Over()
	})
	return in
}

// sameFile wants the products of a file in the export as they are in the file,
// and what is exported to change nothing when it is imported.
func (p running) sameFile(t *testing.T, file string) {
	t.Helper()
	once := p.exported(t)
	want, got := rows(t, file), rows(t, once)
	for _, handle := range sorted(want) {
		if !slices.Equal(got[handle], want[handle]) {
			t.Fatalf("exported %s:\n%q, want\n%q", handle, got[handle], want[handle])
		}
	}
	back := p.imported(t, p.upload(t, once))
	if r := back.Report; back.Status != boot.ImportSucceeded || r.Unchanged != r.Products || r.Products <= len(want) {
		t.Errorf("what was exported, imported: %+v, want all unchanged", r)
	}
	if twice := p.exported(t); twice != once {
		t.Errorf("exported again: %d bytes, at first %d", len(twice), len(once))
	}
}

func (p running) exported(t *testing.T) string {
	t.Helper()
	a := p.staff(t, "GET /v1/admin/exports/catalog", "")
	if a.status != 200 || a.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("export: %d %v", a.status, a.header)
	}
	return string(a.body)
}

// rows returns the cells that are not empty, with their columns, by handle. Tags
// are sorted, and HTML is made safe: these are not looked at.
func rows(t *testing.T, file string) map[string][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, row := range all[1:] {
		for i, cell := range row {
			if column := all[0][i]; cell != "" && column != "Tags" && column != "Body (HTML)" {
				if column == "Variant Inventory Qty" && strings.HasPrefix(cell, "-") {
					cell = "0" // nobody has fewer
				}
				out[row[0]] = append(out[row[0]], column+"="+cell)
			}
		}
	}
	return out
}

// largeRow imports a long description, and listens to NATS meanwhile.
func (p running) largeRow(t *testing.T) {
	t.Helper()
	const long, short = 250_000, 16_000
	var most, heard atomic.Int64
	ear := p.fleet.Login(fleettest.Ear)
	sub, err := ear.Subscribe(">", func(m *nats.Msg) {
		heard.Add(1)
		most.Store(max(most.Load(), int64(m.Size())))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ear.Flush(); err != nil {
		t.Fatal(err)
	}
	in := p.imported(t, p.upload(t, "Handle,Title,Body (HTML),Variant Price\nlong,Long,<p>"+strings.Repeat("word ", long/5)+"</p>,1.00\n"))
	if in.Status != boot.ImportSucceeded || in.Report.Created != 1 {
		t.Fatalf("import %+v %+v", in, in.Report)
	}
	p.fleet.Until("the product is listed", func() bool {
		return strings.Contains(string(p.want(t, 200, "GET /v1/products?q=long&limit=100", "").body), `"slug":"long"`)
	})
	if err := sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages on NATS, the largest of %d bytes", heard.Load(), most.Load())
	if heard.Load() == 0 || most.Load() > short {
		t.Errorf("of a row of %d bytes %d went over NATS at a time, in %d messages; want at most %d", long, most.Load(), heard.Load(), short)
	}
}
