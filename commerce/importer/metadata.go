package importer

import (
	"encoding/json"
	"maps"
	"strings"
)

// Where the metadata of products and variants keeps what files say and no
// engine has a field for: under keyColumns an object of texts by column, as in
// {"_shopify": {"Google Shopping / Gender": "Male"}}; under keyImages such
// objects of images, by their addresses. Everything else in metadata is
// somebody else's and stays.
const (
	keyColumns = "_shopify"
	keyImages  = "_shopify_images"
)

// The columns that fields of a Record hold and metadata has to keep.
var (
	colsKeptOfProduct = []int{colGiftCard}
	colsKeptOfVariant = []int{colTracker, colFulfillment, colWeightUnit}
)

// kept returns what metadata keeps under key, nil when that is nothing.
func kept[T any](metadata json.RawMessage, key string) map[string]T {
	var all map[string]json.RawMessage
	if len(metadata) == 0 || json.Unmarshal(metadata, &all) != nil || all[key] == nil {
		return nil
	}
	var m map[string]T
	if json.Unmarshal(all[key], &m) != nil {
		return nil // not ours
	}
	return m
}

// keep returns metadata with values under key.
func keep[T any](metadata json.RawMessage, key string, values map[string]T) json.RawMessage {
	var all map[string]json.RawMessage
	if len(metadata) > 0 && json.Unmarshal(metadata, &all) != nil {
		return metadata
	}
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	delete(all, key)
	if len(values) > 0 {
		all[key], _ = json.Marshal(values) // texts always encode
	}
	out, err := json.Marshal(all)
	if err != nil {
		return metadata
	}
	return out
}

// merged returns old with the values of now where the file says something.
func merged(old, now map[string]string, says func(column string) bool) map[string]string {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	maps.DeleteFunc(out, func(name, _ string) bool { return says(name) })
	for name, value := range now {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

// columnsOf returns what of r itself metadata keeps.
func (r *Record) columnsOf() map[string]string {
	m := maps.Clone(r.Metadata)
	if r.GiftCard {
		m = with(m, colGiftCard, "true")
	}
	return m
}

// columnsOf returns what of v metadata keeps.
func (v *Variant) columnsOf() map[string]string {
	m := maps.Clone(v.Metadata)
	m = with(m, colTracker, v.Tracker)
	m = with(m, colFulfillment, v.Fulfillment)
	return with(m, colWeightUnit, v.WeightUnit)
}

func with(m map[string]string, col int, value string) map[string]string {
	if value == "" {
		return m
	}
	if m == nil {
		m = map[string]string{}
	}
	m[columnNames[col]] = value
	return m
}

// others returns the columns of m that no field of a Record holds.
func others(m map[string]string) map[string]string {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(name, value string) bool {
		_, typed := typedColumns[strings.ToLower(name)]
		return typed || value == "" || metadataName(name) != name || name == "" || surplusOption(name) > 0
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

// imageColumns returns what metadata keeps of the images, by address.
func (r *Record) imageColumns() map[string]map[string]string {
	var m map[string]map[string]string
	for _, img := range r.Images {
		if len(img.Metadata) > 0 {
			if m == nil {
				m = map[string]map[string]string{}
			}
			m[img.URL] = img.Metadata
		}
	}
	return m
}
