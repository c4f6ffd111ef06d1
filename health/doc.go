// Package health says how each endpoint of an upstream is: its state, why, since
// when and until when. The API, the metrics and the log show what Status returns.
//
// Several sources have a verdict on an endpoint: the operator, who may drain it;
// discovery, which may have no address; and the attempts of requests, which may fail.
// An Endpoint keeps what is known of one address. It belongs to the address and not to
// a generation of the configuration, so a reload loses nothing. Status puts the
// verdicts together into one state.
//
// The package opens no sockets and reads no clock. The arithmetic of failures and
// ejections is done by lb; Outcome translates how an attempt ended for it.
package health
