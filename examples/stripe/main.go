// Stripe is a storefront of one page that sells by card: it fills a cart, places
// the order, and lets Stripe's Payment Element take the money. The shop is a
// server of its own, with a reader's own test keys:
//
//	STRIPE_API_KEY=sk_test_… STRIPE_PUBLISHABLE_KEY=pk_test_… STRIPE_WEBHOOK_SECRET=whsec_… \
//	MERCER_ALLOWED_ORIGINS=http://localhost:8080 mercer serve --demo
//	stripe listen --forward-to localhost:3001/v1/webhooks/stripe
//	go run ./examples/stripe
//
// Then open http://localhost:8080 and pay with 4242 4242 4242 4242.
package main

import (
	_ "embed"
	"flag"
	"html/template"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

//go:embed page.html
var page string

// stripeJS must come from Stripe itself: the PCI rules ask for it.
const stripeJS = "https://js.stripe.com/v3/"

func main() {
	addr := flag.String("addr", "localhost:8080", "where to listen")
	shop := flag.String("shop", "http://localhost:3001", "where the shop is")
	flag.Parse()
	at, err := url.Parse(*shop)
	if err != nil {
		log.Fatal(err)
	}
	s := &http.Server{Addr: *addr, Handler: storefront(httputil.NewSingleHostReverseProxy(at), stripeJS), ReadHeaderTimeout: 5 * time.Second}
	log.Printf("http://%s sells what %s has", *addr, *shop)
	log.Fatal(s.ListenAndServe())
}

// storefront serves the page, and the shop's API below /v1/, so that the browser
// has to do with one origin.
func storefront(api http.Handler, script string) http.Handler {
	view := template.Must(template.New("page").Parse(page))
	mux := http.NewServeMux()
	mux.Handle("/v1/", api)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := view.Execute(w, script); err != nil {
			log.Print(err)
		}
	})
	return mux
}
