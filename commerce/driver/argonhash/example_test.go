package argonhash_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/driver/argonhash"
)

func Example() {
	ctx := context.Background()
	h := argonhash.New(nil)
	hash, err := h.Hash(ctx, "correct horse")
	if err != nil {
		panic(err)
	}
	fmt.Println(hash[:31])
	fmt.Println(h.Verify(ctx, "correct horse", hash))
	fmt.Println(h.Verify(ctx, "correct horse", "")) // nobody's, after the same work
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// true false <nil>
	// false false <nil>
}
