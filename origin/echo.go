package origin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
)

// echo is the request as the origin saw it.
type echo struct {
	Origin  string              `json:"origin"`
	Method  string              `json:"method"`
	Target  string              `json:"target"` // as it stood in the request line
	Proto   string              `json:"proto"`
	Host    string              `json:"host"`
	Peer    string              `json:"peer"` // address and port of the connection
	Headers map[string][]string `json:"headers"`
}

// serveEcho answers with the request's line and fields as JSON.
func (s *Server) serveEcho(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, http.StatusOK, echo{
		Origin: s.name, Method: r.Method, Target: r.RequestURI, Proto: r.Proto,
		Host: r.Host, Peer: r.RemoteAddr, Headers: r.Header,
	})
}

// upload is what became of a request body.
type upload struct {
	Origin string `json:"origin"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

// serveUpload reads the whole body and answers its length and checksum. A body
// that breaks off is a 400 that nobody may still be there to read.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil {
		http.Error(w, "the body broke off: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.writeJSON(w, http.StatusOK, upload{Origin: s.name, Length: n, SHA256: hex.EncodeToString(h.Sum(nil))})
}

// writeJSON sends v with the given status.
func (s *Server) writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that left is not our fault
}
