// Package releasedtest holds what is stored and sent as JSON against how it was
// when it was released: frozen files in testdata/released of the package that is
// tested. A field that is gone, has another name or another type fails the test;
// fields are only added.
package releasedtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
)

var freeze = flag.Bool("freeze", false, "write the frozen files that are missing")

// Check holds T against the frozen file of a name. With -freeze it makes the
// file if it is not there, with a value in every field; it never writes over one.
func Check(t *testing.T, name string, typ reflect.Type) {
	t.Helper()
	path := filepath.Join("testdata", "released", name+".json")
	frozen, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *freeze {
		frozen = sample(t, typ)
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, frozen, 0o644)
		}
	}
	if err != nil {
		t.Fatalf("%v (go test -run %s -freeze makes it)", err, t.Name())
	}
	for _, f := range Faults(frozen, typ) {
		t.Errorf("%s: %s", name, f)
	}
}

// Faults returns what of a frozen value a type does not hold any more, and
// whether it minds fields of later releases.
func Faults(frozen []byte, typ reflect.Type) (faults []string) {
	v := reflect.New(typ)
	dec := json.NewDecoder(bytes.NewReader(frozen))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v.Interface()); err != nil {
		return []string{err.Error()}
	}
	var old, later any
	if err := errors.Join(json.Unmarshal(frozen, &old), json.Unmarshal(frozen, &later)); err != nil {
		return []string{err.Error()}
	}
	faults = lost("", old, again(v))
	data, err := json.Marshal(grown(later))
	v = reflect.New(typ)
	if err = errors.Join(err, json.Unmarshal(data, v.Interface())); err != nil {
		return append(faults, "with fields of a later release: "+err.Error())
	}
	return append(faults, lost("", old, again(v))...)
}

// again returns the JSON of what v points to.
func again(v reflect.Value) (doc any) {
	data, err := json.Marshal(v.Interface())
	if err = errors.Join(err, json.Unmarshal(data, &doc)); err != nil {
		panic(err) // it was JSON before
	}
	return doc
}

// lost returns what of want is not in got.
func lost(at string, want, got any) (faults []string) {
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for k, v := range want {
			faults = append(faults, lost(at+"/"+k, v, have[k])...)
		}
	case []any:
		have, _ := got.([]any)
		for i, v := range want {
			if i >= len(have) {
				return append(faults, fmt.Sprintf("%s/%d is lost", at, i))
			}
			faults = append(faults, lost(fmt.Sprintf("%s/%d", at, i), v, have[i])...)
		}
	default:
		if !reflect.DeepEqual(want, got) {
			faults = append(faults, fmt.Sprintf("%s is %v, was %v", at, got, want))
		}
	}
	return faults
}

// grown returns doc with a field of a later release in every object that has
// named fields.
func grown(doc any) any {
	switch doc := doc.(type) {
	case map[string]any:
		for k, v := range doc {
			doc[k] = grown(v)
		}
		if _, free := doc[freeKey]; !free {
			doc["of_a_later_release"] = map[string]any{"a": []any{1, "b"}}
		}
	case []any:
		for i, v := range doc {
			doc[i] = grown(v)
		}
	}
	return doc
}

// freeKey is the key in samples of maps and free JSON: what is added there is no
// field.
const freeKey = "any_key"

// sample returns the JSON of a value of typ that has something in every field.
func sample(t *testing.T, typ reflect.Type) []byte {
	t.Helper()
	v := reflect.New(typ)
	n := int64(0)
	fill(v.Elem(), &n, 0)
	data, err := json.MarshalIndent(v.Interface(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// deepest bounds types that hold themselves.
const deepest = 10

func fill(v reflect.Value, n *int64, depth int) {
	if depth > deepest {
		return
	}
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2030, 1, 2, 3, 4, 5, int(*n)*1000, time.UTC)))
		return
	case money.Currency:
		v.SetString("EUR")
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"` + freeKey + `":1}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(*n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n, depth+1)
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, n, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(freeKey).Convert(v.Type().Key()), e)
	case reflect.Interface:
		v.Set(reflect.ValueOf("any"))
	case reflect.Struct:
		for f := range v.Type().Fields() {
			if f.IsExported() {
				fill(v.FieldByIndex(f.Index), n, depth+1)
			}
		}
	default:
		panic("releasedtest: no sample of " + v.Type().String())
	}
}
