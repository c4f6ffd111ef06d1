package admin

import (
	"context"
	"log/slog"
	"net"
)

// Options configures a Server. Address and the five interfaces are needed.
type Options struct {
	Address   string   // "host:port", ":port" or "unix:/path"
	Token     string   // "" means none
	Names     []string // host names, besides localhost and IP addresses, that requests may use
	Build     Build
	Readiness Readiness
	Views     Views
	Balancer  Balancer
	Reloader  Reloader
	Metrics   Metrics
	Log       *slog.Logger // nil means none
}

// Server is the admin listener.
type Server struct {
	o Options
}

// New checks o. It opens nothing.
func New(o Options) (*Server, error) { return &Server{o: o}, nil }

// Start opens the listener and returns once it serves.
func (s *Server) Start(ctx context.Context) error { return nil }

// Addr returns the address that Start opened; nil before.
func (s *Server) Addr() net.Addr { return nil }

// Shutdown stops accepting, lets running requests finish until ctx ends and then
// closes their connections.
func (s *Server) Shutdown(ctx context.Context) error { return nil }
