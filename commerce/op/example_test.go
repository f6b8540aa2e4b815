package op_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// An engine declares an operation once and admits its callers in the first line
// of the method that performs it.
func ExampleOp_Admit() {
	type Rename struct {
		ID   string `json:"id" minLength:"1"`
		Name string `json:"name" minLength:"1" maxLength:"80"`
	}
	opRename := op.Op[Rename, op.Nothing]{Name: "product.rename", Access: "products:write"}

	ctx := context.Background() // the embedding program itself
	fmt.Println(opRename.Admit(ctx, Rename{ID: "prod_1", Name: "Mug"}))
	fmt.Println(opRename.Admit(ctx, Rename{ID: "prod_1"}))

	guest := ident.With(ctx, ident.Actor{Kind: ident.Guest})
	fmt.Println(opRename.Admit(guest, Rename{}))
	// Output:
	// <nil>
	// /name: the request is not valid; /name: must have at least 1 character, has 0
	// say who you are
}

// In a merge patch an absent field keeps, null clears, a value replaces.
func ExampleMaybe() {
	type Patch struct {
		Title op.Maybe[string] `json:"title,omitzero"`
		Note  op.Maybe[string] `json:"note,omitzero"`
		Brand op.Maybe[string] `json:"brand,omitzero"`
	}
	var p Patch
	if err := json.Unmarshal([]byte(`{"title": "Cup", "note": null}`), &p); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q %q %q\n", p.Title.Or("Mug"), p.Note.Or("fragile"), p.Brand.Or("Acme"))
	// Output: "Cup" "" "Acme"
}
