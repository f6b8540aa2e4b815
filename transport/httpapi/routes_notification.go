package httpapi

var notifications = []Route{
	{Op: "notification.deliveries", Pattern: "GET /v1/admin/notifications"},
	{Op: "notification.resend", Pattern: "POST /v1/admin/notifications/{id}/resend"},
}
