package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock/policy"
)

// writeCertificate writes name.pem and name.key, a certificate of its own making.
func writeCertificate(t *testing.T, folder, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, der []byte) {
		data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		if err := os.WriteFile(filepath.Join(folder, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(name+".pem", "CERTIFICATE", cert)
	write(name+".key", "EC PRIVATE KEY", private)
}

func parseTLS(folder, tls string) (*Config, error) {
	text := `{ upstreams: { a: { backends: "https://a:1", tls: { ` + tls + ` } } }, routes: [{ path: "/*", upstream: a }] }`
	return Parse(filepath.Join(folder, "config.yaml"), []byte(text), nil, policy.Table()...)
}

func TestTLSFilesBeginInTheFolderOfTheFile(t *testing.T) {
	folder := t.TempDir()
	writeCertificate(t, folder, "a")
	c, err := parseTLS(folder, `ca: ./a.pem, cert: a.pem, key: "`+filepath.ToSlash(filepath.Join(folder, "a.key"))+`"`)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "tls", c.Upstream("a").TLS, TLS{
		CA:   filepath.Join(folder, "a.pem"),
		Cert: filepath.Join(folder, "a.pem"),
		Key:  filepath.Join(folder, "a.key"),
	})
	again, _ := roundTrip(t, c)
	equal(t, "tls after a round trip", again.Upstream("a").TLS, c.Upstream("a").TLS)
}

func TestTLSFilesThatDoNotFit(t *testing.T) {
	folder := t.TempDir()
	writeCertificate(t, folder, "a")
	writeCertificate(t, folder, "b")
	if err := os.WriteFile(filepath.Join(folder, "text"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ tls, want string }{
		{"ca: text", "tls.ca: " + filepath.Join(folder, "text") + " holds no PEM certificate"},
		{"ca: none.pem", "none.pem does not exist"},
		{"ca: .", "is not a file"},
		{"cert: a.pem, key: b.key", "private key does not match public key"},
		{"cert: text, key: a.key", "failed to find any PEM data"},
	} {
		_, err := parseTLS(folder, tc.tls)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one problem with %q", tc.tls, err, tc.want)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read every file")
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := parseTLS(folder, "ca: ca.pem"); err == nil || !strings.Contains(err.Error(), "may not be read") {
		t.Errorf("got %v, want a problem", err)
	}
}
