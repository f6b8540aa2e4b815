package importer_test

import (
	"fmt"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/importer"
)

func Example() {
	file := "Handle,Title,Variant Price\nmug,Mug,9.50\nbowl,Bowl,\"12,50\"\n"
	products, err := importer.Read(strings.NewReader(file), importer.ReadOptions{Currency: "EUR"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for product, err := range products.Records() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(product.Title, product.Variants[0].Price)
	}
	// Output:
	// Mug EUR 9.50
	// product "bowl": row 3, Variant Price "12,50": write a price in EUR from 0 to 999999999.99 in plain digits, like 12.50
}
