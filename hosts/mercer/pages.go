package main

import (
	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/page"
)

// pages adds the flags of lists.
func pages(cmd *cobra.Command, q *page.Query) {
	cmd.Flags().IntVar(&q.Limit, "limit", 20, "how many at most, up to 100")
	cmd.Flags().StringVar(&q.Cursor, "cursor", "", "where to go on: what the page before has said")
}
