package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

func outboxCommand(w *world) *cobra.Command {
	return group("outbox", "Events on their way, and those that were put aside",
		outboxStatus(w), outboxDead(w), outboxRedrive(w), outboxDrop(w), outboxRepublish(w))
}

func outboxStatus(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "status", Short: "Show how far the publishing of events is behind", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		out, err := s.Outbox.Status(cmd.Context(), op.Nothing{})
		if err != nil {
			return err
		}
		t := table{head: []string{"STORE", "SERVICES", "WAITING", "OLDEST", "RELAYS", "DEAD", "ERROR"}}
		for _, st := range out.Stores {
			relays, dead := map[string]bool{}, []string{}
			for _, l := range st.Leases {
				relays[l.Owner] = true
			}
			for _, d := range st.Dead {
				dead = append(dead, d.Consumer+" "+number(d.Count))
			}
			t.add(st.Store, strings.Join(st.Services, " "), number(st.Pending), whenever(st.Oldest), strconv.Itoa(len(relays)), strings.Join(dead, ", "), st.Error)
		}
		return w.print(out, t, nil)
	})
	return cmd
}

func outboxDead(w *world) *cobra.Command {
	var in outbox.Letters
	cmd := &cobra.Command{Use: "dead", Short: "List the events that consumers have put aside", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		p, err := s.Outbox.Dead(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: []string{"CONSUMER", "EVENT", "NAME", "OF", "TRIES", "FIRST", "LAST", "ERROR"}}
		for _, l := range p.Items {
			why, _, _ := strings.Cut(l.Error, "\n")
			t.add(l.Consumer, l.Event.ID, l.Event.Name, l.Event.Key, strconv.Itoa(l.Tries), when(l.First), when(l.Last), why)
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	cmd.Flags().StringVar(&in.Consumer, "consumer", "", "only of this consumer")
	return cmd
}

func outboxRedrive(w *world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "redrive CONSUMER EVENT", Short: "Give an event that was put aside to its consumer once more", Args: cobra.ExactArgs(2),
		Example: "  mercer outbox dead\n  mercer outbox redrive notification evt_01J9",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if _, err := s.Outbox.Redrive(cmd.Context(), outbox.LetterInput{Consumer: args[0], EventID: args[1]}); err != nil {
			return err
		}
		w.note("%s comes to %s again", args[1], args[0])
		return nil
	})
	return w.keyed(cmd)
}

func outboxDrop(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "drop CONSUMER EVENT", Short: "Give an event up that was put aside", Args: cobra.ExactArgs(2)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if _, err := s.Outbox.Drop(cmd.Context(), outbox.LetterInput{Consumer: args[0], EventID: args[1]}); err != nil {
			return err
		}
		w.note("%s will never take %s", args[0], args[1])
		return nil
	})
	return w.confirmed(w.keyed(cmd), func(args []string) string { return "drop " + args[1] + " for " + args[0] })
}

func outboxRepublish(w *world) *cobra.Command {
	var in outbox.RepublishInput
	var since string
	cmd := &cobra.Command{
		Use: "republish", Short: "Publish events again that were published in the last 7 days", Args: cobra.NoArgs,
		Long:    "Publish events again that were published in the last 7 days, as after the loss of the bus.\nConsumers that have taken them do not take them twice.",
		Example: "  mercer outbox republish --since 48h\n  mercer outbox republish --key ord_01J9",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		if since == "" && in.Key == "" {
			return usage("--since is missing: say from when on, as in --since 48h, or of what with --key")
		}
		var err error
		if in.Since, err = past(since); err != nil {
			return err
		}
		out, err := s.Outbox.Republish(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: []string{"EVENTS"}}
		t.add(number(out.Count))
		return w.print(out, t, nil)
	})
	cmd.Flags().StringVar(&since, "since", "", "what was published since then: 2027-01-31, 2027-01-31T12:00:00Z, or 48h ago")
	cmd.Flags().StringVar(&in.Key, "key", "", "only events of the order, product … with this id")
	return w.keyed(cmd)
}

// past reads a point in time, or a time before now; nil for "".
func past(s string) (*time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return new(time.Now().UTC().Add(-d).Truncate(time.Second)), nil
	}
	return moment(s)
}
