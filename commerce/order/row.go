package order

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// document is an order as it is stored: Order and what is not shown of it.
type document struct {
	Order
	Checkout string           `json:"checkout_id"`
	Token    int              `json:"epoch"`
	Versions map[string]int64 `json:"payment_versions"`
	// Captures has, by payment, the version of the order that noted its latest
	// capture.
	Captures map[string]int64 `json:"captures,omitempty"`
	// Before is what a canceling order was, From its version then, Since when it
	// began to be one.
	Before Status    `json:"before,omitempty"`
	From   int64     `json:"from,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// row encodes d.
func (d document) row() (Row, error) {
	d.Checkout, d.Token = d.CheckoutID, d.Epoch
	d.Versions = map[string]int64{}
	for _, p := range d.Payments {
		d.Versions[p.ID] = p.Version
	}
	doc, err := json.Marshal(d)
	if err != nil {
		return Row{}, fmt.Errorf("encode order %s: %w", d.ID, err)
	}
	return Row{
		ID: d.ID, CheckoutID: d.CheckoutID, Number: d.Number, Version: d.Version, Status: d.Status, PaymentStatus: d.PaymentStatus,
		FulfillmentStatus: d.FulfillmentStatus, CustomerID: d.CustomerID, Email: strings.ToLower(d.Email), Placed: d.PlacedAt,
		Deadline: d.deadline(), Total: d.Totals.Total, Doc: doc,
	}, nil
}

// deadline says when an expiry must look at d: a pending order when its time is
// over, one whose cancellation was cut off at once.
func (d document) deadline() time.Time {
	switch {
	case d.Status == StatusCanceling:
		return d.Since
	case d.Status == StatusPending && d.ExpiresAt != nil:
		return *d.ExpiresAt
	default:
		return time.Time{}
	}
}

// document decodes r.
func (r Row) document() (document, error) {
	var d document
	if err := json.Unmarshal(r.Doc, &d); err != nil {
		return document{}, fmt.Errorf("decode order %s: %w", r.ID, err)
	}
	d.CheckoutID, d.Epoch = d.Checkout, d.Token
	for i, p := range d.Payments {
		d.Payments[i] = filled(p, d.Currency)
		d.Payments[i].Version = d.Versions[p.ID]
	}
	d.Payment = current(d.Payments)
	return d, nil
}

// orders decodes rows.
func orders(rows []Row) ([]Order, error) {
	out := make([]Order, 0, len(rows))
	for _, r := range rows {
		d, err := r.document()
		if err != nil {
			return nil, err
		}
		out = append(out, d.Order)
	}
	return out, nil
}
