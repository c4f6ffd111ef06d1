package origin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
)

// echo is the request as the origin received it.
type echo struct {
	Origin  string              `json:"origin"`
	Method  string              `json:"method"`
	Target  string              `json:"target"` // as in the request line
	Proto   string              `json:"proto"`
	Host    string              `json:"host"`
	Peer    string              `json:"peer"` // address and port of the connection
	Headers map[string][]string `json:"headers"`
}

// serveEcho sends the request line and the fields as JSON.
func (s *Server) serveEcho(w http.ResponseWriter, r *http.Request) {
	s.writeJSON(w, http.StatusOK, echo{
		Origin: s.name, Method: r.Method, Target: r.RequestURI, Proto: r.Proto,
		Host: r.Host, Peer: r.RemoteAddr, Headers: r.Header,
	})
}

// upload describes a request body that was received.
type upload struct {
	Origin string `json:"origin"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

// serveUpload reads the whole body and sends its length and checksum. A truncated body gets
// 400, although the client may have left.
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
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has left
}
