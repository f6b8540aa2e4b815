package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

var errClosed = fault.New(fault.Conflict, "cart.closed", "the cart is closed")

func TestStatus(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Malformed: 400, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.Refused: 409, fault.Stale: 412, fault.TooLarge: 413, fault.WrongType: 415,
		fault.Invalid: 422, fault.Throttled: 429, fault.Internal: 500, fault.Unavailable: 503,
		"": 500, "of the future": 500,
	} {
		if got := kind.Status(); got != want {
			t.Errorf("%q: status %d, want %d", kind, got, want)
		}
	}
}

func TestIsSurvivesCopiesAndWires(t *testing.T) {
	e := errClosed.With(map[string]int{"n": 1}).Saying("closed since noon").At("/items/0").
		Listing(fault.Item{Code: "x", Param: "/a", Message: "bad"}).After(time.Second).Because(io.EOF)
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var wired fault.Error
	if err := json.Unmarshal(data, &wired); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"copy": e, "wrapped": fmt.Errorf("save: %w", e), "wired": &wired} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s is not errClosed", name)
		}
		if errors.Is(err, fault.ErrInternal) {
			t.Errorf("%s is ErrInternal", name)
		}
	}
	if !errors.Is(e, io.EOF) {
		t.Error("the cause is lost in the process")
	}
	if errors.Is(&wired, io.EOF) {
		t.Error("the cause left the process")
	}
	if want := *e.Because(nil); !reflect.DeepEqual(wired, want) {
		t.Errorf("wired %+v, want %+v", wired, want)
	}
}

func TestCopiesLeaveTheSentinel(t *testing.T) {
	before := *errClosed
	_ = errClosed.With(1).Saying("x").At("/x").Listing(fault.Item{}).After(time.Hour).Because(io.EOF)
	if !reflect.DeepEqual(*errClosed, before) {
		t.Errorf("the sentinel changed to %+v", errClosed)
	}
}

func TestAfterRoundsUp(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, time.Nanosecond: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60} {
		err := errClosed.After(d)
		if got := err.RetryAfter; got != want {
			t.Errorf("After(%v) = %d s, want %d", d, got, want)
		}
		if got := fault.Wait(fmt.Errorf("x: %w", err)); got != time.Duration(want)*time.Second {
			t.Errorf("Wait of After(%v) = %v, want %d s", d, got, want)
		}
	}
}

func TestWaitOfNone(t *testing.T) {
	for _, err := range []error{nil, io.EOF, errClosed} {
		if got := fault.Wait(err); got != 0 {
			t.Errorf("Wait(%v) = %v, want none", err, got)
		}
	}
}

func TestPublicAndKindOf(t *testing.T) {
	secret := errClosed.Because(errors.New("password is hunter2"))
	for name, tc := range map[string]struct {
		err  error
		kind fault.Kind
		text string
	}{
		"fault":   {secret, fault.Conflict, "the cart is closed"},
		"wrapped": {fmt.Errorf("row 7: %w", secret), fault.Conflict, "the cart is closed"},
		"joined":  {errors.Join(io.EOF, secret), fault.Conflict, "the cart is closed"},
		"other":   {errors.New("dsn root:hunter2@tcp"), fault.Internal, "internal error"},
	} {
		if got := fault.KindOf(tc.err); got != tc.kind {
			t.Errorf("%s: kind %q, want %q", name, got, tc.kind)
		}
		if got := fault.Public(tc.err).Error(); got != tc.text {
			t.Errorf("%s: public text %q, want %q", name, got, tc.text)
		}
	}
	if got := fault.KindOf(nil); got != "" {
		t.Errorf("KindOf(nil) = %q", got)
	}
}

func TestItem(t *testing.T) {
	got := errClosed.With(map[string]int{"n": 1}).At("/cart").Item()
	want := fault.Item{Code: "cart.closed", In: "body", Param: "/cart", Message: "the cart is closed", Meta: json.RawMessage(`{"n":1}`)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("item %+v, want %+v", got, want)
	}
}

func ExampleError() {
	errShort := fault.New(fault.Conflict, "inventory.short", "not enough in stock")
	err := fmt.Errorf("reserve: %w", errShort.At("/items/0/quantity").With(map[string]int{"free": 2}))

	if errors.Is(err, errShort) {
		e, _ := errors.AsType[*fault.Error](err)
		fmt.Println(e.Kind.Status(), e.Param, string(e.Meta))
	}
	fmt.Println(err)
	// Output:
	// 409 /items/0/quantity {"free":2}
	// reserve: /items/0/quantity: not enough in stock
}
