package check_test

import (
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

func ExampleStruct() {
	type Item struct {
		SKU      string `json:"sku" minLength:"1" maxLength:"64"`
		Quantity int    `json:"quantity" minimum:"1" maximum:"999"`
	}
	type AddItems struct {
		Items []Item `json:"items" minItems:"1" maxItems:"100"`
	}
	err := check.Struct(AddItems{Items: []Item{{SKU: "MUG", Quantity: 2}, {Quantity: 1000}}})
	e, _ := errors.AsType[*fault.Error](err)
	for _, it := range e.Errors {
		fmt.Println(it.Param, it.Code, it.Message)
	}
	// Output:
	// /items/1/sku request.too_short must have at least 1 character, has 0
	// /items/1/quantity request.too_big must be at most 999, is 1000
}
