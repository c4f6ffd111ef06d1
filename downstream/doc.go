// Package downstream is the client side as the gateway sees it: the facts of one request
// (Request) and the connection to its client (Stream), whatever version of HTTP the client
// speaks. The package for each version lies below it and implements Stream; this package
// knows no socket and no HTTP library.
package downstream
