package importer_test

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/importer"
)

func bunShop(t testing.TB, db *bunstore.DB) *shop {
	t.Helper()
	return newShop(t, stores{bunstore.Catalog{DB: db}, bunstore.Pricing{DB: db}, bunstore.Inventory{DB: db}})
}

func TestDatabases(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		files := map[string]string{"generated": generated(t, 3000, 7)}
		for _, name := range samples {
			files[name] = sample(t, name)
		}
		for name, file := range files {
			t.Run(name, func(t *testing.T) {
				a, b := bunShop(t, open(t)), bunShop(t, open(t))
				rep := a.load(t, file, importer.ImportOptions{})
				if rep.Created != rep.Products || rep.VariantsCreated != rep.Variants {
					t.Errorf("report %+v, want everything created", rep)
				}
				before, events := a.state(t), a.events
				if rep := a.load(t, file, importer.ImportOptions{}); !rep.Unchanging() || a.state(t) != before || a.events != events {
					t.Errorf("the second import changes %+v", rep.Changes)
				}
				for _, format := range []importer.Format{importer.FormatShopify, importer.FormatJSONLines} {
					first := a.dump(t, format)
					b.load(t, first, importer.ImportOptions{})
					if second := b.dump(t, format); second != first {
						t.Errorf("exports differ: %s", firstDifference(first, second))
					}
				}
			})
		}
		t.Run("two at once", func(t *testing.T) {
			file := generated(t, 500, 2)
			whole := bunShop(t, open(t))
			whole.load(t, file, importer.ImportOptions{})
			testTwoAtOnce(t, bunShop(t, open(t)), whole.dump(t, importer.FormatShopify), file)
		})
	})
}

// stream is Generate as a reader.
func stream(t testing.TB, rows int) io.Reader {
	r, w := io.Pipe()
	go func() { w.CloseWithError(importer.Generate(w, rows, 1)) }()
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// J02: what an import holds in memory does not grow with the file.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("imports 12,000 rows")
	}
	s := bunShop(t, buntest.Open(t, buntest.SQLite))
	var at []uint64
	last := 0
	opts := importer.ImportOptions{Progress: func(p importer.Progress) {
		if p.Rows-last < 3000 {
			return
		}
		last = p.Rows
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		at = append(at, m.HeapAlloc)
	}}
	if _, err := s.Import(t.Context(), stream(t, 12_000), opts); err != nil {
		t.Fatal(err)
	}
	if first, end := at[0], at[len(at)-1]; end > first+8<<20 {
		t.Errorf("%d MB at the beginning, %d MB at the end", first>>20, end>>20)
	}
}

func BenchmarkImport(b *testing.B) {
	const rows = 5000
	file := generated(b, rows, 1)
	for _, bm := range []struct {
		name string
		opts importer.ImportOptions
		runs int
	}{
		{"new", importer.ImportOptions{}, 1},
		{"new, skip", importer.ImportOptions{OnFault: importer.OnFaultSkip}, 1},
		{"again", importer.ImportOptions{}, 2},
	} {
		b.Run(bm.name, func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				s := bunShop(b, buntest.Open(b, buntest.SQLite))
				for range bm.runs - 1 {
					s.load(b, file, bm.opts)
				}
				b.StartTimer()
				start := time.Now()
				if _, err := s.Import(b.Context(), strings.NewReader(file), bm.opts); err != nil {
					b.Fatal(err)
				}
				took += time.Since(start)
			}
			b.ReportMetric(rows*float64(b.N)/took.Seconds(), "rows/s")
		})
	}
	b.Run("export", func(b *testing.B) {
		s := bunShop(b, buntest.Open(b, buntest.SQLite))
		s.load(b, file, importer.ImportOptions{})
		for b.Loop() {
			if _, err := s.Export(b.Context(), io.Discard, importer.ExportOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
