package upstream

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
)

// sessions is how many TLS sessions a backend's cache holds. One would do: a
// session is found by the server's name, and a cache serves one backend.
const sessions = 4

// secrets is TLSOptions with its files read: what every https backend of a
// cluster shares. It is never written after readTLS.
type secrets struct {
	config *tls.Config       // without ServerName and session cache
	name   string            // TLSOptions.Name
	digest [sha256.Size]byte // of all that makes two secrets equal: options and file contents
}

// readTLS reads the files that o names. It fails on a file that cannot be read
// or has no usable content, naming the file.
func readTLS(o TLSOptions) (*secrets, error) {
	s := &secrets{name: o.Name, config: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: o.Insecure,
	}}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %t", o.Name, o.Insecure)
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
		s.config.RootCAs = x509.NewCertPool()
		if !s.config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca: %s holds no PEM certificate", o.CA)
		}
		fmt.Fprintf(sum, " ca %q", pem)
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("tls.cert and tls.key: one is set without the other")
	}
	if o.Cert != "" {
		if err := s.readPair(o.Cert, o.Key, sum); err != nil {
			return nil, err
		}
	}
	sum.Sum(s.digest[:0])
	return s, nil
}

func (s *secrets) readPair(cert, key string, sum io.Writer) error {
	certPEM, err := os.ReadFile(cert)
	if err != nil {
		return fmt.Errorf("tls.cert: %w", err)
	}
	keyPEM, err := os.ReadFile(key)
	if err != nil {
		return fmt.Errorf("tls.key: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("tls.cert %s with tls.key %s: %w", cert, key, err)
	}
	s.config.Certificates = []tls.Certificate{pair}
	fmt.Fprintf(sum, " cert %q key %q", certPEM, keyPEM)
	return nil
}

// serverName is the name that is sent as SNI and that a backend is verified as:
// tls.name, else the URL's host, whatever Host field the request has.
func (s *secrets) serverName(host string) string {
	if s.name != "" {
		return s.name
	}
	return host
}

// forBackend returns a configuration of its own for one backend, so that the
// session of one is never offered to another of the same name.
func (s *secrets) forBackend(serverName string) *tls.Config {
	c := s.config.Clone()
	c.ServerName = serverName
	c.ClientSessionCache = tls.NewLRUClientSessionCache(sessions)
	return c
}

// isCertificate reports whether err says that the backend's certificate was refused.
func isCertificate(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok
}
