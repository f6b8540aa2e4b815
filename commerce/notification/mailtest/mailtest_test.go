package mailtest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/notification/mailtest"
)

// TestSuiteNamesWhatIsMissing leaves one guard of a driver out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guardtest.Run(t, mailtest.Guards, func(t *testing.T, without string) {
		mailtest.Run(t, func(t *testing.T) mailtest.Subject {
			box := devmail.New()
			return mailtest.Subject{Mailer: broken{box, without}, BadAddress: "ann@" + devmail.Bounce, BusyAddress: "ann@" + devmail.Busy,
				Received: func(t *testing.T) []notification.Mail {
					all, err := box.Letters()
					if err != nil {
						t.Error(err)
					}
					var mails []notification.Mail
					for _, l := range slices.Backward(all) {
						mails = append(mails, l.Mail)
					}
					return mails
				}}
		})
	})
}

// broken is a driver without one guard.
type broken struct {
	*devmail.Mailbox
	without string
}

// oneLine is what a careless driver makes of a header.
var oneLine = strings.NewReplacer("\r", "", "\n", "", "\x00", "", "\x7f", "", "\u0085", "", "\xff", "")

func (b broken) Send(ctx context.Context, m notification.Mail) error {
	switch b.without {
	case "RoundTrip":
		m.Subject = strings.TrimPrefix(m.Subject, "Re: ")
	case "TextAlone":
		if m.HTML == "" {
			m.HTML = m.Text
		}
	case "LongText":
		m.Text = strings.ReplaceAll(m.Text, "\n.\n", "\n")
	case "SameMessageID":
		if all, _ := b.Letters(); len(all) == 1 {
			m.MessageID = "again." + m.MessageID
		}
	case "RefusesLineBreaks":
		m.Subject = oneLine.Replace(m.Subject)
	case "RefusesNoAddress":
		m.To.Email = strings.TrimSuffix(m.To.Email, ">")
	case "Outside":
		ctx = context.Background()
	case "ContextEnds":
		ctx = context.WithoutCancel(ctx)
	case "Together":
		m.MessageID = "ntf_1.0@shop.example"
	}
	err := b.Mailbox.Send(ctx, m)
	switch {
	case b.without == "Permanent" && strings.HasSuffix(m.To.Email, devmail.Bounce):
		return fault.ErrUnavailable.Because(err)
	case b.without == "Temporary" && strings.HasSuffix(m.To.Email, devmail.Busy):
		return notification.ErrRejected.Because(err)
	}
	return err
}
