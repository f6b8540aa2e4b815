// Command service is one service of the platform: some engines on NATS, with a
// database of their own. MERCER_SERVICE or MERCER_ENGINES says which.
//
//	service                           serves until it is told to stop
//	service migrate                   brings the tables of every service up to date
//	service permissions [cart,order]  prints the users of NATS, where the services named are one process
//	service -healthcheck              asks a service on this machine whether it is ready
package main

import "github.com/mercer-commerce/mercer/hosts/internal/boot"

func main() {
	boot.Main("service", boot.ServeService, boot.Command{Name: "migrate", Run: boot.MigrateAll},
		boot.Command{Name: "permissions", Args: true, Run: boot.PrintPermissions})
}
