// Package page cuts long lists into pages and walks them.
package page

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"iter"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// ErrCursor says that a cursor was not made by the list that it was given to.
var ErrCursor = fault.New(fault.Malformed, "request.bad_cursor", "the cursor does not belong to this list")

// Query asks for one page of a list. Embed it in the input of a list operation.
type Query struct {
	Limit  int    `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items at most."`
	Cursor string `json:"cursor,omitempty" query:"cursor" maxLength:"1000" doc:"Where to go on: next_cursor of the page before."`
}

// Size returns the limit, or 20 when none is given.
func (q Query) Size() int {
	if q.Limit == 0 {
		return 20
	}
	return q.Limit
}

// Page is a part of a list. Items is never null on the wire.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"Null on the last page."`
	Total      *int64  `json:"total,omitempty" doc:"All items of the list, when count=exact asked for it."`
}

// Of makes a page of at most limit items from items, which holds one more when
// there is a next page. position returns what the cursor must remember of the
// last item of the page.
func Of[T any](items []T, limit int, position func(T) any) Page[T] {
	p := Page[T]{Items: items}
	if p.Items == nil {
		p.Items = []T{}
	}
	if len(items) > limit {
		p.Items = items[:limit]
		p.NextCursor = new(Encode(position(items[limit-1])))
	}
	return p
}

// Encode makes an opaque cursor of position, which must encode to JSON.
func Encode(position any) string {
	data, err := json.Marshal(position)
	if err != nil {
		panic("page: " + err.Error()) // positions are strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// Decode reads a cursor into position and reports whether there was one. It
// returns ErrCursor for a cursor of another list.
func Decode(cursor string, position any) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = decode(data, position)
	}
	if err != nil {
		return false, ErrCursor.Because(err)
	}
	return true, nil
}

// decode refuses fields that position does not have: they are another list's,
// and reading past them would start that list's page at the top of this one.
func decode(data []byte, position any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(position); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("more than one position")
	}
	return nil
}

// All walks every page. get fetches the page at a cursor, "" for the first.
func All[T any](ctx context.Context, get func(ctx context.Context, cursor string) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			p, err := get(ctx, cursor)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, it := range p.Items {
				if !yield(it, nil) {
					return
				}
			}
			if p.NextCursor == nil {
				return
			}
			cursor = *p.NextCursor
		}
	}
}
