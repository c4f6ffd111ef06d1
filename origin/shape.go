package origin

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// shape is a response described by query parameters. The zero value is an empty
// 200 with a Content-Length.
type shape struct {
	size    int64         // body bytes
	delay   time.Duration // before the response head
	status  int           // zero means 200
	cache   string        // the Cache-Control value; empty sends none
	chunked bool          // no Content-Length, flushed after every write
	cut     cut           // whether and where the connection is cut
	cutAt   int64         // body bytes before the cut, for cutBody
}

// cut is the place where a response is cut off.
type cut uint8

const (
	cutNever cut = iota
	cutBody      // after shape.cutAt body bytes
	cutHead      // before the response head, by a reset
)

// knobs are the parameters that describe a shape. Any of them in the query selects a shaped
// response, on every path.
const knobs = "size delay status cache chunked abort"

// parseShape reads the query. asked is false when no knob is in it; the error
// names the first parameter that is not valid, its value and the expected form.
func parseShape(q url.Values) (sh shape, asked bool, err error) {
	for _, name := range strings.Fields(knobs) {
		if !q.Has(name) {
			continue
		}
		asked = true
		if err = sh.set(name, q.Get(name)); err != nil {
			return shape{}, true, err
		}
	}
	return sh, asked, nil
}

func (sh *shape) set(name, value string) error {
	var err error
	want := ""
	switch name {
	case "size":
		want = "bytes, or a number with KiB, MiB or GiB"
		sh.size, err = parseSize(value)
	case "delay":
		want = "a duration such as 250ms"
		sh.delay, err = time.ParseDuration(value)
	case "status":
		want = "200..599"
		if sh.status, err = strconv.Atoi(value); err == nil && (sh.status < 200 || sh.status > 599) {
			err = strconv.ErrRange
		}
	case "cache":
		sh.cache = value
	case "chunked":
		want = "1 or 0"
		sh.chunked, err = strconv.ParseBool(value)
	case "abort":
		want = "the body bytes before the cut, or head"
		if sh.cut = cutBody; value == "head" {
			sh.cut = cutHead
			break
		}
		sh.cutAt, err = parseSize(value)
	}
	if err != nil {
		return fmt.Errorf("%s: got %q, want %s", name, value, want)
	}
	return nil
}

// parseSize reads a byte count with an optional binary unit.
func parseSize(text string) (int64, error) {
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || n > (1<<62)>>shift) {
		err = strconv.ErrRange
	}
	return n << shift, err
}

// serveShape sends the response that sh describes.
func (s *Server) serveShape(w http.ResponseWriter, r *http.Request, sh shape) {
	if sh.delay > 0 && s.wait(r.Context(), sh.delay) != nil {
		return // the client left
	}
	if sh.cut == cutHead {
		reset(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	if sh.cache != "" {
		h.Set("Cache-Control", sh.cache)
	}
	if sh.status == 0 {
		sh.status = http.StatusOK
	}
	bodiless := sh.status == http.StatusNoContent || sh.status == http.StatusNotModified
	if !sh.chunked && !bodiless {
		h.Set("Content-Length", strconv.FormatInt(sh.size, 10))
	}
	w.WriteHeader(sh.status)
	if bodiless || r.Method == http.MethodHead {
		return
	}
	sh.writeBody(w)
}

// writeBody sends the body and cuts the connection where the shape says so.
func (sh shape) writeBody(w http.ResponseWriter) {
	left := sh.size
	if sh.cut == cutBody {
		left = min(left, sh.cutAt)
	}
	var dst io.Writer = w
	if sh.chunked {
		dst = flusher{w, http.NewResponseController(w)}
	}
	_, err := io.Copy(dst, io.NewSectionReader(pattern{}, 0, left))
	if err == nil && sh.cut == cutNever {
		return
	}
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // net/http closes the connection without ending the message
}

// flusher flushes after every write.
type flusher struct {
	w  io.Writer
	rc *http.ResponseController
}

func (f flusher) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = f.rc.Flush()
	}
	return n, err
}
