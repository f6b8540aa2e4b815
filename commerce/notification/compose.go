package notification

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// landing is where the storefront takes the code of a mail.
var landing = map[Kind]string{KindWelcome: "/verify", KindPasswordReset: "/reset-password", KindEmailChange: "/confirm-email", KindOrderAccess: "/order"}

// nothing is the error of a mail that there is nothing to say in.
type nothing struct{ error }

func (n nothing) Unwrap() error { return n.error }

// compose writes the mail of d as of now, and notes in d whom it goes to. What
// it returns as secrets must not be in logs.
func (e *Engine) compose(ctx context.Context, d *Delivery) (m Mail, secrets []string, err error) {
	n, err := readNews(d.Data)
	if err != nil {
		return Mail{}, nil, ErrRejected.Because(err)
	}
	ch := Challenge{Email: n.Email, Locale: n.Locale}
	if n.Challenge != "" {
		if ch, err = e.challenges.Challenge(ctx, n.Challenge); fault.KindOf(err) == fault.NotFound {
			return Mail{}, nil, nothing{err}
		} else if err != nil {
			return Mail{}, nil, err
		}
	}
	secrets = []string{ch.Email, ch.OldEmail, ch.Code, url.QueryEscape(ch.Code)}
	if !ch.ExpiresAt.IsZero() && !e.opts.Now().Before(ch.ExpiresAt) {
		return Mail{}, secrets, ErrExpired
	}
	to := ch.Email
	if d.Role == RoleOld {
		to = ch.OldEmail
	}
	if to == "" {
		return Mail{}, secrets, ErrRejected.Saying("there is nobody to write to")
	}
	d.Recipient, d.Locale = ident.NormalEmail(to), cmp.Or(ch.Locale, n.Locale, e.opts.Locale, fallback)
	d.Template = d.Kind
	if slices.Contains(Kinds, ch.Kind) && d.Role == RoleCustomer {
		d.Template = ch.Kind
	}
	name := greetable(ch.Name)
	m = Mail{MessageID: e.messageID(d), From: e.opts.From, To: Address{name, to}, Date: e.now()}
	if m.Subject, m.Text, m.HTML, err = e.opts.Templates.render(d.Template, e.view(d, ch, n)); err != nil {
		return Mail{}, secrets, err
	}
	m.Subject = clean(m.Subject)
	return m, secrets, nil
}

// view is what the template of a mail is given.
func (e *Engine) view(d *Delivery, ch Challenge, n news) View {
	v := View{Shop: e.opts.ShopName, Home: e.opts.StorefrontURL, Locale: d.Locale, Name: greetable(ch.Name),
		Number: clean(cmp.Or(n.Number, ch.Number)), Total: n.Total.String(), Reason: clean(n.Reason), Email: mask(clean(ch.Email))}
	for _, t := range n.Tracking {
		v.Tracking = append(v.Tracking, Tracking{clean(t.Carrier), clean(t.Number), webLink(t.URL)})
	}
	path, ok := landing[d.Template]
	if !ok || ch.Code == "" {
		return v
	}
	v.Code = clean(ch.Code)
	if v.Home != "" {
		v.Link = v.Home + path + "#"
		if ch.OrderID != "" {
			v.Link += "id=" + url.QueryEscape(ch.OrderID) + "&"
		}
		v.Link += "code=" + url.QueryEscape(ch.Code)
	}
	if !ch.ExpiresAt.IsZero() {
		v.Expires = ch.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC")
	}
	return v
}
