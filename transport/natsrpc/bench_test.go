package natsrpc_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/op"
)

func BenchmarkCall(b *testing.B) {
	nc := connect(b)
	serve(b, nc, 0, done)
	for b.Loop() {
		if _, err := op.Call(b.Context(), client(nc), opToy, input{"x"}); err != nil {
			b.Fatal(err)
		}
	}
}
