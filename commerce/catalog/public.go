package catalog

import (
	"encoding/json"
	"slices"
	"strings"
)

// PublicMetadata returns metadata without the keys that begin with "_": those
// are the shop's own, such as what a thing costs to buy, and shoppers never see
// them.
func PublicMetadata(metadata json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	if !strings.Contains(string(metadata), `"_`) || json.Unmarshal(metadata, &all) != nil {
		return metadata
	}
	for key := range all {
		if strings.HasPrefix(key, "_") {
			delete(all, key)
		}
	}
	public, err := json.Marshal(all)
	if err != nil {
		return json.RawMessage("{}") // raw parts of a valid document encode
	}
	return public
}

// public returns p as shoppers may see it.
func (p Product) public() Product {
	p.Metadata = PublicMetadata(p.Metadata)
	p.Variants = slices.Clone(p.Variants)
	for i := range p.Variants {
		p.Variants[i].Metadata = PublicMetadata(p.Variants[i].Metadata)
	}
	return p
}
