// Package tunnel copies the bytes of upgraded connections in both directions until both have
// ended. It ends idle tunnels, counts open ones and waits for them at shutdown. It knows no
// HTTP.
package tunnel
