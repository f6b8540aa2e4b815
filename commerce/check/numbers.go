package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// bounds says for each tag what breaks it, given how v compares with the limit
// (-1 less, 0 equal, 1 more), and how to say so.
var bounds = map[string]struct {
	code   string
	breaks func(cmp int) bool
	say    string
}{
	"minimum":          {TooSmall, func(c int) bool { return c < 0 }, "must be at least %s, is %v"},
	"exclusiveMinimum": {TooSmall, func(c int) bool { return c <= 0 }, "must be more than %s, is %v"},
	"maximum":          {TooBig, func(c int) bool { return c > 0 }, "must be at most %s, is %v"},
	"exclusiveMaximum": {TooBig, func(c int) bool { return c >= 0 }, "must be less than %s, is %v"},
}

// number reads a limit exactly. It must be a JSON number, because OpenAPI
// writes it as one.
func number(text string) (*big.Rat, json.RawMessage, error) {
	var n json.Number
	if err := json.Unmarshal([]byte(text), &n); err != nil || n.String() != text {
		return nil, nil, fmt.Errorf("%q is not a number", text)
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) {
		return nil, nil, fmt.Errorf("%q is out of range", text)
	}
	r, _ := new(big.Rat).SetString(text)
	return r, encode(map[string]json.Number{"limit": n}), nil
}

// intBound compares without floats: at the far end of int64 they lie.
func intBound(tag string) maker {
	b := bounds[tag]
	return func(text string) (rule, error) {
		r, meta, err := number(text)
		if err != nil {
			return nil, err
		}
		floor, exact, err := floorOf(r)
		if err != nil {
			return nil, fmt.Errorf("%q %w", text, err)
		}
		return func(v reflect.Value) *fault.Item {
			if !b.breaks(compare(v, floor, exact)) {
				return nil
			}
			return &fault.Item{Code: b.code, Message: fmt.Sprintf(b.say, text, v), Meta: meta}
		}, nil
	}
}

// floorOf returns the integer at or below r, and whether it is r.
func floorOf(r *big.Rat) (floor int64, exact bool, err error) {
	q := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: rounds down, as Denom > 0
	if !q.IsInt64() {
		return 0, false, errors.New("is beyond 64 bits")
	}
	return q.Int64(), r.IsInt(), nil
}

// compare tells how the integer v compares with the limit that floorOf read.
func compare(v reflect.Value, floor int64, exact bool) int {
	n, fits := whole(v)
	switch {
	case !fits || n > floor:
		return 1
	case n == floor && exact:
		return 0
	default:
		return -1
	}
}

func intMultiple(text string) (rule, error) {
	r, meta, err := number(text)
	if err != nil {
		return nil, err
	}
	if !r.IsInt() || !r.Num().IsInt64() || r.Sign() <= 0 {
		return nil, fmt.Errorf("%q is not a positive integer", text)
	}
	step := r.Num().Int64()
	return func(v reflect.Value) *fault.Item {
		if v.CanInt() && v.Int()%step == 0 || v.CanUint() && v.Uint()%uint64(step) == 0 {
			return nil
		}
		return &fault.Item{Code: NotMultiple, Message: fmt.Sprintf("must be a multiple of %s, is %v", text, v), Meta: meta}
	}, nil
}

func floatBound(tag string) maker {
	b := bounds[tag]
	return func(text string) (rule, error) {
		r, meta, err := number(text)
		if err != nil {
			return nil, err
		}
		limit, _ := r.Float64()
		return func(v reflect.Value) *fault.Item {
			cmp := 0
			if f := v.Float(); f < limit {
				cmp = -1
			} else if f > limit {
				cmp = 1
			}
			if !b.breaks(cmp) {
				return nil
			}
			return &fault.Item{Code: b.code, Message: fmt.Sprintf(b.say, text, v), Meta: meta}
		}, nil
	}
}

func floatMultiple(text string) (rule, error) {
	r, meta, err := number(text)
	if err != nil {
		return nil, err
	}
	step, _ := r.Float64()
	if step <= 0 {
		return nil, fmt.Errorf("%q is not positive", text)
	}
	return func(v reflect.Value) *fault.Item {
		if math.Mod(v.Float(), step) == 0 {
			return nil
		}
		return &fault.Item{Code: NotMultiple, Message: fmt.Sprintf("must be a multiple of %s, is %v", text, v), Meta: meta}
	}, nil
}
