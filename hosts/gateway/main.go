// Command gateway is the door of the platform: HTTP in, NATS out. It serves the
// routes of the single server over services that live elsewhere; gateway -help
// names its settings.
package main

import "github.com/mercer-commerce/mercer/hosts/internal/boot"

func main() { boot.Main("gateway", boot.ServeGateway) }
