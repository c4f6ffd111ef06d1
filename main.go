// Penstock is an HTTP gateway: it routes, balances and streams HTTP traffic as
// one YAML file says.
package main

func main() {}
