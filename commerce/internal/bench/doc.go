// Package bench measures what a shop does in a second: orders, pages, rows of an
// import. Where a database sets the pace, a floor is measured in the same run:
// the least SQL that sells something with the same durability. The ratio to it
// says more than the number, which depends on the machine.
package bench
