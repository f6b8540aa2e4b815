package httpapi

var outboxes = []Route{
	{Op: "outbox.status", Pattern: "GET /v1/admin/outbox"},
	{Op: "outbox.events", Pattern: "GET /v1/admin/outbox/events"},
	{Op: "outbox.dead", Pattern: "GET /v1/admin/outbox/dead"},
	{Op: "outbox.redrive", Pattern: "POST /v1/admin/outbox/dead/redrive", Status: gone},
	{Op: "outbox.drop", Pattern: "POST /v1/admin/outbox/dead/drop", Status: gone},
	{Op: "outbox.republish", Pattern: "POST /v1/admin/outbox/republish"},
}
