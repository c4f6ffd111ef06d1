package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"penstock/options"
)

// maxPEM bounds the size of a file of certificates, in bytes.
const maxPEM = 4 * mib

// check notes certificate files that are missing, unreadable or do not fit together.
// The report is that of the upstream.
func (t *TLS) check(r options.Report) {
	if t.CA != "" {
		pem, err := readPEM(t.CA)
		switch {
		case err != nil:
			r.Problem("tls.ca", "%v", err)
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			r.Problem("tls.ca", "%s holds no PEM certificate", t.CA)
		}
	}
	if t.CA != "" && t.Insecure {
		r.Problem("tls.insecure", "is given beside ca, which would then have no effect")
	}
	switch {
	case t.Cert != "" && t.Key == "" && !r.Has("tls.key"):
		r.Problem("tls.cert", "needs key")
	case t.Key != "" && t.Cert == "" && !r.Has("tls.cert"):
		r.Problem("tls.key", "needs cert")
	}
	if t.Cert == "" || t.Key == "" {
		return
	}
	cert, err := readPEM(t.Cert)
	if err != nil {
		r.Problem("tls.cert", "%v", err)
	}
	key, errKey := readPEM(t.Key)
	if errKey != nil {
		r.Problem("tls.key", "%v", errKey)
	}
	if err != nil || errKey != nil {
		return
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		r.Problem("tls.cert", "%s and %s: %v", t.Cert, t.Key, err)
	}
}

// readPEM reads a regular file. A pipe or device is refused, for it could block.
func readPEM(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM))
	if err != nil {
		return nil, unreadable(name, err)
	}
	return data, nil
}

// unreadable words the usual reasons alike on every system.
func unreadable(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read by this user", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}
