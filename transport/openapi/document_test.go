package openapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/openapi"
)

var info = openapi.Info{Title: "Mercer", Version: "1.2.3"}

type doc struct {
	Paths map[string]map[string]struct {
		OperationID string           `json:"operationId"`
		Parameters  []map[string]any `json:"parameters"`
		RequestBody *struct {
			Required bool           `json:"required"`
			Content  map[string]any `json:"content"`
		} `json:"requestBody"`
		Responses map[string]any        `json:"responses"`
		Security  []map[string][]string `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas   map[string]map[string]any `json:"schemas"`
		Responses map[string]any            `json:"responses"`
	} `json:"components"`
}

func document(t *testing.T) (doc, []byte) {
	t.Helper()
	data := openapi.Document(httpapi.Routes, shop(), info)
	if file := os.Getenv("OPENAPI_FILE"); file != "" {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var d doc
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d, data
}

func TestDocument(t *testing.T) {
	d, data := document(t)
	handlers := shop()
	slices.Reverse(handlers)
	if !bytes.Equal(data, openapi.Document(httpapi.Routes, handlers, info)) {
		t.Error("the document depends on the order of registration")
	}
	n, ids := 0, map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			n++
			if ids[o.OperationID] {
				t.Errorf("%s is there twice", o.OperationID)
			}
			ids[o.OperationID] = true
			if strings.HasPrefix(path, "/v1/admin") && !strings.HasPrefix(path, "/v1/admin/auth/") && (len(o.Security) != 1 || o.Security[0]["bearer"] == nil || o.Responses["403"] == nil) {
				t.Errorf("%s %s: security = %v", method, path, o.Security)
			}
			if o.Responses["500"] == nil || o.Responses["400"] == nil {
				t.Errorf("%s %s: responses = %v", method, path, o.Responses)
			}
		}
	}
	if n != len(httpapi.Routes) {
		t.Errorf("%d operations for %d routes", n, len(httpapi.Routes))
	}
	for _, ref := range references(data) {
		name, isSchema := strings.CutPrefix(ref, "#/components/schemas/")
		if isSchema && d.Components.Schemas[name] == nil {
			t.Errorf("%s leads nowhere", ref)
		}
		if name, ok := strings.CutPrefix(ref, "#/components/responses/"); ok && d.Components.Responses[name] == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
}

func references(data []byte) (refs []string) {
	for line := range strings.SplitSeq(string(data), "\n") {
		if _, ref, ok := strings.Cut(line, `"$ref": "`); ok {
			refs = append(refs, strings.TrimRight(ref, `",`))
		}
	}
	return refs
}

func TestShapesInTheDocument(t *testing.T) {
	d, data := document(t)
	complete := d.Paths["/v1/carts/{id}/complete"]["post"]
	if complete.OperationID != "checkout.complete" || complete.RequestBody == nil || !complete.RequestBody.Required ||
		complete.Responses["201"] == nil || complete.Responses["202"] == nil || complete.Responses["409"] == nil {
		t.Errorf("complete = %+v", complete)
	}
	if patch := d.Paths["/v1/carts/{id}"]["patch"]; patch.RequestBody.Content["application/merge-patch+json"] == nil {
		t.Errorf("patch = %+v", patch)
	}
	for _, c := range []struct{ schema, want string }{
		{"CartUpdateInput", ""},
		{"UpdateCartInput", `{"additionalProperties":false,"properties":{"email":{"format":"email","maxLength":254,"type":["string","null"]},"market":{"maxLength":64,"minLength":1,"type":["string","null"]},"metadata":{"description":"At most 16384 bytes of JSON."},"note":{"maxLength":2000,"type":["string","null"]}},"type":"object"}`},
		{"Amount", `{"properties":{"amount":{"format":"int64","type":"integer"},"currency":{"description":"ISO 4217, upper case.","examples":["EUR"],"pattern":"^[A-Z]{3}$","type":"string"}},"required":["amount","currency"],"type":"object"}`},
		{"AmountInput", `{"additionalProperties":false,"properties":{"amount":{"format":"int64","type":"integer"},"currency":{"description":"ISO 4217, upper case.","examples":["EUR"],"pattern":"^[A-Z]{3}$","type":"string"}},"required":["amount","currency"],"type":"object"}`},
	} {
		got := []byte("")
		if s := d.Components.Schemas[c.schema]; s != nil {
			got, _ = json.Marshal(s)
		}
		if string(got) != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.schema, got, c.want)
		}
	}
	for _, want := range []string{`"anyOf"`, `"filter[price][gte]"`, `"checkout.total_changed"`, `"CatalogProductPage"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %s in the document", want)
		}
	}
}
