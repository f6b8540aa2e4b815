package main

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// mailbox is the development mailbox.
type mailbox struct {
	walk
	dir string
}

// deliver lets everything that has happened become mails, and sends them.
func (p mailbox) deliver() {
	p.t.Helper()
	if err := p.Drain(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	if err := p.RunJob(p.t.Context(), "notification.send"); err != nil {
		p.t.Fatal(err)
	}
}

var inMail = regexp.MustCompile(`https://shop\.example(/[a-z-]+)#(\S+)`)

// link returns the path and what the fragment says of the link in the last mail
// to an address.
func (p mailbox) link(to string) (path string, fragment url.Values) {
	p.t.Helper()
	p.deliver()
	box, err := devmail.Open(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	letters, err := box.Letters()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, l := range letters {
		if l.Mail.To.Email != to {
			continue
		}
		m := inMail.FindStringSubmatch(l.Mail.Text)
		if m == nil {
			p.t.Fatalf("no link in %q:\n%s", l.Mail.Subject, l.Mail.Text)
		}
		fragment, err := url.ParseQuery(m[2])
		if err != nil {
			p.t.Fatal(err)
		}
		return m[1], fragment
	}
	p.t.Fatalf("no mail to %s among %d", to, len(letters))
	return "", nil
}

// code wants a link to path in the last mail to an address and returns its code.
func (p mailbox) code(to, path string) string {
	p.t.Helper()
	got, fragment := p.link(to)
	if got != path {
		p.t.Errorf("the mail to %s leads to %s, want %s", to, got, path)
	}
	return `{"code":"` + fragment.Get("code") + `"}`
}

func object(pairs ...string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // of text
	}
	return string(data)
}

const (
	ada     = "ada@example.com"
	secret  = "violet otters juggle 7 lanterns"
	secret2 = "amber foxes whistle 9 ballads"
)

// login signs somebody in.
func (w walk) login(path, email, password string) (who caller, a answer) {
	w.t.Helper()
	a = w.guest.ask(200, "POST "+path, object("email", email, "password", password))
	return w.as("Authorization", "Bearer "+a.at("access_token")), a
}

// customer registers somebody, whose address is verified, and signs them in.
func (w walk) customer(p mailbox, email string) caller {
	w.t.Helper()
	w.guest.ask(202, "POST /v1/auth/register", object("email", email, "password", secret, "name", "Ada"))
	w.guest.ask(204, "POST /v1/auth/verify-email", p.code(email, "/verify"))
	who, _ := w.login("/v1/auth/login", email, secret)
	return who
}

// people walks where one signs in.
func (w walk) people(mug string, p mailbox) {
	w.guest.ask(200, "GET /.well-known/jwks.json", "")
	eve := w.customer(p, "eve@example.com")
	customer := w.comeIn(p, eve)
	w.claim(mug, customer)
	w.ownOrder(customer, eve)
	w.lookUp(p)
	w.profile(customer)
	w.passwords(p, customer)
	w.crowd(customer)
	w.team(p)
	w.letters(p)
}

// comeIn makes the guest of the orders until now a customer: the orders are
// theirs when the address is proven, and not before.
func (w walk) comeIn(p mailbox, eve caller) caller {
	mine := len(w.numbers("email=" + ada))
	if mine == 0 {
		w.t.Fatal("nothing was ordered")
	}
	w.guest.ask(202, "POST /v1/auth/register", object("email", "Ada@Example.com", "password", secret, "name", "Ada"))
	w.guest.ask(401, "POST /v1/auth/login", object("email", ada, "password", "something else 12"))
	w.guest.ask(401, "POST /v1/auth/login", object("email", ada, "password", secret))
	code := p.code("Ada@Example.com", "/verify")
	if got := len(w.numbers("email=" + ada + "&customer=" + w.id("Ada@Example.com"))); got != 0 {
		w.t.Errorf("%d orders are somebody's whose address is not proven", got)
	}
	w.guest.ask(409, "POST /v1/auth/verify-email", `{"code":"nonsense"}`).want("code", "account.code_invalid")
	w.guest.ask(204, "POST /v1/auth/verify-email", code)
	w.guest.ask(409, "POST /v1/auth/verify-email", code)
	p.deliver()

	who, signed := w.login("/v1/auth/login", ada, secret)
	orders := who.ask(200, "GET /v1/orders?limit=100", "")
	first := orders.at("items/0/id")
	if got := len(orders.body.(map[string]any)["items"].([]any)); got != mine {
		w.t.Errorf("%d orders of Ada's, want %d", got, mine)
	}
	who.ask(200, "GET /v1/orders/"+first, "").want("customer_id", signed.at("customer/id"))
	eve.ask(404, "GET /v1/orders/"+first, "")
	eve.ask(200, "GET /v1/orders", "").want("items", "[]")
	w.boss.ask(200, "GET /v1/admin/orders/"+first+"/timeline", "")

	next := w.guest.ask(200, "POST /v1/auth/refresh", object("refresh_token", signed.at("refresh_token")))
	who = w.as("Authorization", "Bearer "+next.at("access_token"))
	who.ask(200, "GET /v1/me", "").want("email", "Ada@Example.com")
	return who
}

// numbers returns the orders that staff find.
func (w walk) numbers(query string) []any {
	w.t.Helper()
	return w.boss.ask(200, "GET /v1/admin/orders?limit=100&"+query, "").body.(map[string]any)["items"].([]any)
}

// id returns the id of a customer.
func (w walk) id(email string) string {
	w.t.Helper()
	return w.boss.ask(200, "GET /v1/admin/customers?email="+email, "").at("items/0/id")
}

// claim takes guests' carts along, by each strategy and several times at once.
func (w walk) claim(mug string, who caller) {
	who.ask(404, "GET /v1/me/cart", "")
	filled := func(by caller, n int) (id, token string) {
		w.t.Helper()
		c := by.ask(201, "POST /v1/carts", `{"items":[{"variant_id":"`+mug+`","quantity":`+strconv.Itoa(n)+`}]}`)
		return c.at("id"), c.at("token")
	}
	for _, tc := range []struct {
		strategy    string
		guest, want int
		stays       bool // the cart of the account
	}{
		{"merge", 2, 2, false}, // there is none yet: the guest's becomes theirs as it is
		{"merge", 1, 3, true},
		{"keep_account", 4, 3, true},
		{"replace", 5, 5, false},
	} {
		own := ""
		if tc.stays {
			own = who.ask(200, "GET /v1/me/cart", "").at("id")
		}
		id, token := filled(w.guest, tc.guest)
		body := `{"strategy":"` + tc.strategy + `"}`
		who.ask(404, "POST /v1/carts/"+id+"/claim", body) // without its token
		want := id
		if tc.stays {
			want = own
		}
		holder := who.with("Cart-Token", token)
		w.together(8, holder, "POST /v1/carts/"+id+"/claim", body, want, tc.want)
		holder.ask(200, "POST /v1/carts/"+id+"/claim", body).want("id", want, "items/0/quantity", strconv.Itoa(tc.want))
		mine := who.ask(200, "GET /v1/me/cart?market=default", "").want("id", want, "items/0/quantity", strconv.Itoa(tc.want))
		if field(mine, "token") != "" {
			w.t.Errorf("%s: the cart of a customer has a token", tc.strategy)
		}
		w.as("Cart-Token", token).ask(404, "GET /v1/carts/"+id, "")
		w.as("Cart-Token", token).ask(401, "POST /v1/carts/"+id+"/claim", body)
	}
}

// field returns what lies in a field of an answer, "" when it is not there.
func field(a answer, name string) string {
	s, _ := a.body.(map[string]any)[name].(string)
	return s
}

// together sends one request n times at once, each with a key of its own: each
// answer has the cart id with quantity units.
func (w walk) together(n int, by caller, what, body, id string, quantity int) {
	w.t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		one := by.with("Idempotency-Key", "claim-"+strconv.Itoa(i)+"-"+strings.ReplaceAll(what, " ", "-"))
		wg.Go(func() { one.ask(200, what, body).want("id", id, "items/0/quantity", strconv.Itoa(quantity)) })
	}
	wg.Wait()
}

// ownOrder completes a customer's cart.
func (w walk) ownOrder(who, other caller) {
	id := who.ask(200, "GET /v1/me/cart", "").at("id")
	path := "/v1/carts/" + id
	other.ask(404, "GET "+path, "")
	who.ask(200, "PATCH "+path, `{"email":"ada@example.com"}`)
	for _, kind := range []string{"shipping", "billing"} {
		who.ask(200, "PUT "+path+"/addresses/"+kind, home)
	}
	ways := who.ask(200, "GET "+path+"/shipping-options", "")
	c := who.ask(200, "PUT "+path+"/shipping-option", `{"option_id":"`+ways.at("items/0/id")+`"}`)
	me := who.ask(200, "GET /v1/me", "").at("id")
	o := who.ask(201, "POST "+path+"/complete", complete(c.at("totals/total"), "cash_on_delivery")).want("customer_id", me)
	who.ask(200, "GET /v1/orders?limit=1", "").want("items/0/id", o.at("id"))
	other.ask(404, "GET /v1/orders/"+o.at("id"), "")
	w.guest.ask(404, "GET /v1/orders/"+o.at("id"), "")
	who.ask(404, "GET /v1/me/cart", "")
}

// lookUp finds an order again by its number.
func (w walk) lookUp(p mailbox) {
	ask := func(number, email string) {
		w.guest.ask(202, "POST /v1/orders/lookup", object("number", number, "email", email))
	}
	ask("1001", "ADA@example.com")
	path, fragment := p.link(ada)
	if path != "/order" {
		w.t.Errorf("the link leads to %s", path)
	}
	code := object("code", fragment.Get("code"))
	w.guest.ask(409, "POST /v1/orders/ord_none/access", code).want("code", "order.code_invalid")
	keyed := w.guest.with("Idempotency-Key", "access-000000000000000001")
	token := keyed.ask(200, "POST /v1/orders/"+fragment.Get("id")+"/access", code).at("access_token")
	w.as("Order-Token", token).ask(200, "GET /v1/orders/"+fragment.Get("id"), "").want("number", "1001")
	keyed.ask(409, "POST /v1/orders/"+fragment.Get("id")+"/access", code)

	ask("1001", "eve@example.com")
	ask("999999", ada)
	p.deliver()
	if got := w.boss.ask(200, "GET /v1/admin/notifications?kind=order_access", ""); got.at("items/0/state") != "void" || got.at("items/1/state") != "void" || got.at("items/2/state") != "sent" {
		w.t.Errorf("mails of lookups: %v", got.body)
	}
	w.guest.ask(422, "POST /v1/orders/lookup", object("number", "1001", "email", "nonsense"))
}

// profile is what customers say about themselves.
func (w walk) profile(who caller) {
	who.ask(200, "PATCH /v1/me", `{"phone":"+49 30 1234"}`).want("phone", "+49 30 1234")
	a := who.ask(201, "POST /v1/me/addresses", home).want("default_shipping", "true")
	path := "/v1/me/addresses/" + a.at("id")
	who.ask(200, "GET /v1/me/addresses", "").want("items/0/id", a.at("id"))
	who.ask(200, "GET "+path, "").want("city", "Berlin")
	who.ask(200, "PATCH "+path, `{"city":"Potsdam"}`).want("city", "Potsdam")
	who.ask(204, "DELETE "+path, "")
	who.ask(404, "GET "+path, "")
	w.guest.ask(401, "GET /v1/me/addresses", "")

	_, other := w.login("/v1/auth/login", ada, secret)
	who.ask(200, "GET /v1/me/sessions", "")
	who.ask(204, "DELETE /v1/me/sessions/"+other.at("session_id"), "")
	w.guest.ask(401, "POST /v1/auth/refresh", object("refresh_token", other.at("refresh_token"))).want("code", "account.signed_out")
}

// passwords changes what one signs in with.
func (w walk) passwords(p mailbox, who caller) {
	who.ask(409, "PUT /v1/me/password", object("current_password", secret2, "password", secret2)).want("code", "account.wrong_password")
	who.ask(204, "PUT /v1/me/password", object("current_password", secret, "password", secret2))
	w.guest.ask(202, "POST /v1/auth/password/forgot", object("email", ada))
	_, fragment := p.link("Ada@Example.com")
	w.guest.ask(422, "POST /v1/auth/password/reset", object("code", fragment.Get("code"), "password", "password")).want("code", "account.weak_password")
	w.guest.ask(204, "POST /v1/auth/password/reset", object("code", fragment.Get("code"), "password", secret))

	// A change of address proves the new one, and brings what was ordered there.
	guest, id, total := w.cart(w.boss.ask(200, "GET /v1/admin/variants?sku=MUG-S", "").at("items/0/id"))
	guest.ask(200, "PATCH /v1/carts/"+id, `{"email":"ada@new.example"}`)
	o := guest.ask(201, "POST /v1/carts/"+id+"/complete", complete(total, "cash_on_delivery"))
	who, signed := w.login("/v1/auth/login", ada, secret)
	who.ask(202, "POST /v1/me/email", object("email", "Ada@new.example", "password", secret))
	code := p.code("Ada@new.example", "/confirm-email")
	who.ask(404, "GET /v1/orders/"+o.at("id"), "")
	w.guest.ask(204, "POST /v1/auth/verify-email", code)
	p.deliver()
	who.ask(200, "GET /v1/orders/"+o.at("id"), "").want("customer_id", signed.at("customer/id"))

	w.guest.ask(204, "POST /v1/auth/logout", object("refresh_token", signed.at("refresh_token")))
	w.guest.ask(401, "POST /v1/auth/refresh", object("refresh_token", signed.at("refresh_token")))
	who, _ = w.login("/v1/auth/login", "ada@new.example", secret)
	who.ask(204, "POST /v1/auth/logout-all", "")
}

// crowd is what the staff do about customers.
func (w walk) crowd(who caller) {
	id := w.id("ada@new.example")
	g := w.boss.ask(201, "POST /v1/admin/customer-groups", `{"name":"Dealers","code":"dealers"}`)
	path := "/v1/admin/customer-groups/" + g.at("id")
	w.boss.ask(200, "GET /v1/admin/customer-groups", "")
	w.boss.ask(200, "GET "+path, "").want("code", "dealers")
	w.boss.ask(200, "PATCH "+path, `{"name":"Dealer"}`).want("name", "Dealer")
	w.boss.ask(200, "PATCH /v1/admin/customers/"+id, `{"groups":["`+g.at("id")+`"]}`)
	w.boss.ask(409, "DELETE "+path, "").want("code", "account.group_in_use")
	w.boss.ask(200, "PATCH /v1/admin/customers/"+id, `{"groups":[],"disabled":true}`)
	w.boss.ask(200, "GET /v1/admin/customers/"+id, "").want("disabled", "true")
	w.boss.ask(204, "DELETE "+path, "")
	who.ask(403, "GET /v1/admin/customers", "")
}

// team makes a member of the staff, who comes in.
func (w walk) team(p mailbox) {
	const mail = "sam@shop.example"
	r := w.boss.ask(201, "POST /v1/admin/roles", `{"name":"Packer","scopes":["orders:read"]}`)
	role := "/v1/admin/roles/" + r.at("id")
	w.boss.ask(200, "GET /v1/admin/roles", "")
	w.boss.ask(200, "GET "+role, "").want("name", "Packer")
	w.boss.ask(200, "PATCH "+role, `{"scopes":["orders:read","stock:read"]}`)
	m := w.boss.ask(201, "POST /v1/admin/staff", `{"email":"`+mail+`","roles":["`+r.at("id")+`"]}`)
	w.boss.ask(200, "GET /v1/admin/staff", "").want("items/0/id", m.at("id"))
	w.boss.ask(200, "GET /v1/admin/staff/"+m.at("id"), "")
	w.boss.ask(200, "PATCH /v1/admin/staff/"+m.at("id"), `{"name":"Sam"}`).want("name", "Sam")

	w.guest.ask(202, "POST /v1/admin/auth/password/forgot", object("email", mail))
	_, fragment := p.link(mail)
	w.guest.ask(204, "POST /v1/admin/auth/password/reset", object("code", fragment.Get("code"), "password", secret))
	w.guest.ask(401, "POST /v1/auth/login", object("email", mail, "password", secret)) // staff are no customers
	_, signed := w.login("/v1/admin/auth/login", mail, secret)
	next := w.guest.ask(200, "POST /v1/admin/auth/refresh", object("refresh_token", signed.at("refresh_token")))
	sam := w.as("Authorization", "Bearer "+next.at("access_token"))
	sam.ask(200, "GET /v1/admin/orders?limit=1", "")
	sam.ask(403, "GET /v1/admin/products", "")
	w.guest.ask(204, "POST /v1/admin/auth/logout", object("refresh_token", next.at("refresh_token")))
	sam, _ = w.login("/v1/admin/auth/login", mail, secret)
	sam.ask(204, "POST /v1/admin/auth/logout-all", "")

	w.boss.ask(409, "DELETE "+role, "").want("code", "account.role_in_use")
	gone := w.boss.ask(201, "POST /v1/admin/roles", `{"name":"Nobody","scopes":["orders:read"]}`)
	w.boss.ask(204, "DELETE /v1/admin/roles/"+gone.at("id"), "")
}

// letters looks after what is sent: mails, and events that somebody could not
// read.
func (w walk) letters(p mailbox) {
	sent := w.boss.ask(200, "GET /v1/admin/notifications?state=sent&limit=1", "").at("items/0/id")
	w.boss.ask(200, "POST /v1/admin/notifications/"+sent+"/resend", "").want("resent", "1")
	w.boss.ask(404, "POST /v1/admin/notifications/ntf_none/resend", "")

	for _, what := range []string{"drop", "redrive"} {
		ev := account.EmailVerified.New(ident.NewID("evt"), ident.NewID("cus"), time.Now(), account.EmailVerifiedV1{})
		ev.Data = []byte(`"nonsense"`)
		if err := p.DB.Do(w.t.Context(), func(ctx context.Context) error { return p.DB.Record(ctx, ev) }); err != nil {
			w.t.Fatal(err)
		}
		p.deliver()
		w.boss.ask(200, "GET /v1/admin/outbox/dead?consumer=attach", "").want("items/0/event/id", ev.ID)
		w.boss.ask(204, "POST /v1/admin/outbox/dead/"+what, object("consumer", "attach", "event_id", ev.ID))
		w.boss.ask(404, "POST /v1/admin/outbox/dead/drop", object("consumer", "attach", "event_id", "evt_none"))
		p.deliver()
	}
	w.boss.ask(200, "GET /v1/admin/outbox", "").want("stores/0/pending", "0")
	w.boss.ask(200, "POST /v1/admin/outbox/republish", `{"key":"ord_none"}`).want("count", "0")
}
