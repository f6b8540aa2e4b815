package pricing_test

import (
	"errors"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// paramOf returns the place that err names.
func paramOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Param
	}
	return ""
}
