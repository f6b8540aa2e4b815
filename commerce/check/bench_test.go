package check_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/op"
)

type address struct {
	Name    string `json:"name" minLength:"1" maxLength:"200"`
	Line1   string `json:"line1" minLength:"1" maxLength:"200"`
	City    string `json:"city" minLength:"1" maxLength:"100"`
	Zip     string `json:"postal_code" maxLength:"20"`
	Country string `json:"country" pattern:"^[A-Z]{2}$"`
	Phone   string `json:"phone,omitempty" maxLength:"40"`
}

type item struct {
	Variant  string `json:"variant_id" minLength:"1" maxLength:"64"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"999999"`
}

type ordinary struct {
	Cart    string           `json:"cart_id" path:"id" minLength:"1" maxLength:"64"`
	Items   []item           `json:"items" minItems:"1" maxItems:"100"`
	Address *address         `json:"address,omitempty"`
	Note    op.Maybe[string] `json:"note,omitzero" maxLength:"500"`
}

var sane = ordinary{
	Cart:    "cart_01JD4K",
	Items:   []item{{"var_1", 1}, {"var_2", 20}},
	Address: &address{Name: "Ann", Line1: "1 Road", City: "Town", Zip: "12345", Country: "DE"},
}

func TestSoundInputAllocatesNothing(t *testing.T) {
	var err error
	if n := testing.AllocsPerRun(100, func() { err = check.Struct(&sane) }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
}

func BenchmarkSound(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := check.Struct(&sane); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFaulty(b *testing.B) {
	b.ReportAllocs()
	faulty := sane
	faulty.Items = []item{{"", 0}}
	for b.Loop() {
		if err := check.Struct(&faulty); err == nil {
			b.Fatal("no fault")
		}
	}
}
