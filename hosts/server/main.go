// Command server serves a whole shop on one port: every engine in this process.
// Its settings come from flags and the environment; server -help names them.
package main

import "github.com/mercer-commerce/mercer/hosts/internal/boot"

func main() { boot.Main("server", boot.ServeShop) }
