package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func Example() {
	type Input struct {
		Name string `json:"name" path:"name" maxLength:"10"`
	}
	type Output struct {
		Text string `json:"text"`
	}
	errShy := fault.New(fault.Refused, "hello.shy", "does not want to be greeted")
	hello := op.Op[Input, Output]{Name: "hello.greet", Kind: op.Query, Access: op.Anyone, Fails: []*fault.Error{errShy}}
	routes := []httpapi.Route{{Op: "hello.greet", Pattern: "GET /v1/hello/{name}"}}

	mux := httpapi.New(&httpapi.Options{Routes: routes, Log: slog.New(slog.DiscardHandler)})
	op.Handle(mux, hello, func(_ context.Context, in Input) (Output, error) {
		if in.Name == "Bo" {
			return Output{}, errShy
		}
		return Output{"Hello, " + in.Name}, nil
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()

	client := httpapi.Client{Base: srv.URL, Routes: routes}
	out, err := op.Call(context.Background(), client, hello, Input{"Ann"})
	fmt.Println(out.Text, err)
	_, err = op.Call(context.Background(), client, hello, Input{"Bo"})
	fmt.Println(errors.Is(err, errShy))
	// Output:
	// Hello, Ann <nil>
	// true
}
