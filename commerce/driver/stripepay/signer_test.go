package stripepay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/commerce/internal/tooltest"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// signerVersion is that of Stripe's library for Node.
const signerVersion = "23.1.0"

// signer is a program for Node that signs as Stripe does: each of its jobs is an
// object with payload, secret and timestamp.
const signer = `
const stripe = require('stripe')('sk_test_1');
let text = '';
process.stdin.on('data', (d) => { text += d; }).on('end', () => {
  process.stdout.write(JSON.stringify(JSON.parse(text).map((job) => stripe.webhooks.generateTestHeaderString(job))));
});`

// TestStripesOwnSigner takes notices that Stripe's library for Node has signed:
// another program than the one that verifies.
func TestStripesOwnSigner(t *testing.T) {
	body := event("payment_intent.succeeded", intent("succeeded", object{"description": "Żółw, 東京, 😀 <&>\u2028"}), nil)
	type job struct {
		Payload   string `json:"payload"`
		Secret    string `json:"secret"`
		Timestamp int64  `json:"timestamp"`
	}
	jobs := []job{{string(body), "whsec_1", now.Unix()}, {string(body), "whsec_2", now.Unix()}, {string(body), "whsec_3", now.Unix()},
		{string(body), "whsec_1", now.Unix() - 299}, {string(body), "whsec_1", now.Unix() - 301}, {string(body), "whsec_1", now.Unix() + 301}}
	good := []bool{true, true, false, true, false, false}
	headers := make([]string, 0, len(jobs))
	runNode(t, signer, jobs, &headers)
	if len(headers) != len(jobs) {
		t.Fatalf("signed %d of %d: %q", len(headers), len(jobs), headers)
	}
	p, _ := stripe(t, nil, func(o *stripepay.Options) { o.WebhookSecrets = []string{"whsec_1", "whsec_2"} })
	for i, h := range headers {
		n, err := p.Receive(t.Context(), map[string][]string{"stripe-signature": {h}}, body)
		if good[i] && (err != nil || n.PaymentID != "pay_1") || !good[i] && !errors.Is(err, payment.ErrSignature) {
			t.Errorf("%s by %s: %+v, %v", h, jobs[i].Secret, n, err)
		}
	}
}

// runNode runs a program that reads in as JSON and writes out, with Stripe's
// library in reach.
func runNode(t *testing.T, program string, in, out any) {
	t.Helper()
	node, dir := tooltest.Node(t, "stripe", signerVersion)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "-e", program)
	cmd.Dir = dir
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = bytes.NewReader(data)
	if data, err = cmd.Output(); err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("node: %v: %s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}
