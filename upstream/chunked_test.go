package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// referenceChunked decodes the chunked coding in the plainest way: by a regular
// expression for the size line, byte by byte, without any buffering of its own.
func referenceChunked(r io.Reader) io.Reader {
	return &reference{r: bufio.NewReaderSize(r, 16)}
}

type reference struct {
	r     *bufio.Reader
	chunk []byte
	err   error
}

var sizeLine = regexp.MustCompile("^([0-9A-Fa-f]{1,16})([ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?)\r\n$")

func (d *reference) Read(p []byte) (int, error) {
	for len(d.chunk) == 0 && d.err == nil {
		d.chunk, d.err = d.next()
	}
	n := copy(p, d.chunk)
	d.chunk = d.chunk[n:]
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

// next returns what there is of the next chunk, with the error that follows it.
func (d *reference) next() ([]byte, error) {
	line, err := d.line(maxSizeDigits + maxExtension)
	if err != nil {
		return nil, err
	}
	m := sizeLine.FindStringSubmatch(line)
	if m == nil || len(m[2])+2 > maxExtension {
		return nil, badChunkSize
	}
	size, err := strconv.ParseUint(m[1], 16, 64)
	if err != nil || size > math.MaxInt64 {
		return nil, badChunkSize
	}
	if size == 0 {
		return nil, d.trailers()
	}
	var data bytes.Buffer
	if _, err := io.CopyN(&data, d.r, int64(size)); err != nil {
		return data.Bytes(), io.ErrUnexpectedEOF
	}
	for _, want := range "\r\n" {
		if c, err := d.r.ReadByte(); err != nil {
			return data.Bytes(), io.ErrUnexpectedEOF
		} else if c != byte(want) {
			return data.Bytes(), badChunkEnd
		}
	}
	return data.Bytes(), nil
}

func (d *reference) trailers() error {
	for size := 0; ; {
		line, err := d.line(maxTrailers)
		if err != nil {
			return err
		}
		if size += len(line); size > maxTrailers || !strings.HasSuffix(line, "\r\n") {
			return badTrailer
		}
		if line == "\r\n" {
			return io.EOF
		}
	}
}

// line reads to the next LF, at most limit bytes and a few.
func (d *reference) line(limit int) (string, error) {
	var line []byte
	for len(line) <= limit+2 {
		c, err := d.r.ReadByte()
		if err != nil {
			return "", io.ErrUnexpectedEOF
		}
		if line = append(line, c); c == '\n' {
			return string(line), nil
		}
	}
	return "", badChunkSize
}

// decode runs our reader over in, delivered as r does, and returns the data, the
// error and how many bytes of in were left.
func decode(r io.Reader) (data, rest []byte, err error) {
	src := &source{br: bufio.NewReaderSize(r, maxResponseHead)}
	var c chunkReader
	c.reset(src)
	for {
		piece, err := c.next(true)
		if err != nil {
			if _, again := c.next(true); again != err {
				return nil, nil, errors.New("the error did not stay")
			}
			rest, _ = io.ReadAll(src.br)
			return data, rest, err
		}
		n := (len(piece) + 1) / 2 // partly, so that advance is tried too
		data = append(data, piece[:n]...)
		c.advance(n)
	}
}

func TestChunkedReader(t *testing.T) {
	long := strings.Repeat("e", maxExtension)
	for _, tc := range []struct {
		name, in, data string
		err            error
		rest           string
	}{
		{"one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", io.EOF, ""},
		{"what follows is left alone", "3\r\nabc\r\n0\r\n\r\nHTTP/1.1", "abc", io.EOF, "HTTP/1.1"},
		{"leading zeros and capitals", "000A\r\n0123456789\r\n000\r\n\r\n", "0123456789", io.EOF, ""},
		{"extensions are skipped (9112 §7.1.1)", "1;a=\"b;c\" ; d\r\nx\r\n0;last\r\n\r\n", "x", io.EOF, ""},
		{"trailers", "0\r\nX-A: b\r\n\r\nrest", "", io.EOF, "rest"},
		{"no size", "\r\nabc", "", badChunkSize, ""},
		{"minus", "-1\r\n\r\n", "", badChunkSize, ""},
		{"17 digits", "00000000000000001\r\nx\r\n0\r\n\r\n", "", badChunkSize, ""},
		{"beyond 63 bits", "8000000000000000\r\nx", "", badChunkSize, ""},
		{"63 bits are fine, if they come", "7fffffffffffffff\r\nx", "x", io.ErrUnexpectedEOF, ""},
		{"CR alone in an extension", "1;a\rb\r\nx\r\n0\r\n\r\n", "", badExtension, ""},
		{"NUL in an extension", "1;a\x00\r\nx\r\n0\r\n\r\n", "", badExtension, ""},
		{"an extension without a semicolon", "1 a\r\nx\r\n0\r\n\r\n", "", badExtension, ""},
		{"an extension too long", "1;" + long + "\r\nx\r\n0\r\n\r\n", "", badExtension, ""},
		{"a size line without end", "1;" + long + long, "", badExtension, ""},
		{"LF alone behind the data", "1\r\nx\n0\r\n\r\n", "x", badChunkEnd, ""},
		{"trailers too large", "0\r\nX-A: " + strings.Repeat("a", maxTrailers) + "\r\n\r\n", "", badTrailer, ""},
		{"a trailer without colon", "0\r\nX-A\r\n\r\n", "", badTrailer, ""},
		{"cut", "3\r\nab", "ab", io.ErrUnexpectedEOF, ""},
		{"nothing", "", "", io.ErrUnexpectedEOF, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"at once": strings.NewReader(tc.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tc.in)),
			} {
				data, rest, err := decode(r)
				if string(data) != tc.data || err != tc.err || err == io.EOF && string(rest) != tc.rest {
					t.Errorf("%s: got %q, %v, rest %q; want %q, %v, %q", name, data, err, rest, tc.data, tc.err, tc.rest)
				}
			}
		})
	}
}

func TestChunk(t *testing.T) {
	p := new(piece)
	for _, n := range []int{1, 15, 16, 255, 4096, len(p.room())} {
		for i := range p.room()[:n] {
			p.room()[i] = byte(i)
		}
		for _, last := range []bool{false, true} {
			out := append([]byte(nil), p.chunk(n, last)...)
			if !last {
				out = append(out, "0\r\n\r\n"...)
			}
			data, rest, err := decode(bytes.NewReader(out))
			if !bytes.Equal(data, p.data(n)) || err != io.EOF || len(rest) != 0 {
				t.Errorf("chunk of %d, last %t: %d bytes, %v, rest %q", n, last, len(data), err, rest)
			}
		}
	}
}

// FuzzChunkedReader holds the reader against the reference: the same data, the same
// verdict, however the bytes arrive, and never a byte beyond the end.
func FuzzChunkedReader(f *testing.F) {
	for _, in := range []string{
		"3\r\nabc\r\n0\r\n\r\nrest", "1;a=b\r\nx\r\n0\r\nX-A: b\r\n\r\n", "5\r\nab", "3\r\nabcX0\r\n\r\n",
		"0\n\r\n", "g\r\n", "ffffffffffffffff\r\n", "1 \t\r\nx\r\n00\r\n\r\n", "2\r\n\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		data, rest, err := decode(bytes.NewReader(in))
		slow, slowRest, slowErr := decode(iotest.OneByteReader(bytes.NewReader(in)))
		if !bytes.Equal(data, slow) || err != slowErr || err == io.EOF && !bytes.Equal(rest, slowRest) {
			t.Errorf("%q: at once %q %v, byte by byte %q %v", in, data, err, slow, slowErr)
		}
		ref := &reference{r: bufio.NewReader(bytes.NewReader(in))}
		want, wantErr := io.ReadAll(ref) // nil for io.EOF
		complete, wantComplete := err == io.EOF, wantErr == nil
		if errors.Is(err, badTrailer) && wantComplete {
			wantComplete = false // the reference does not look into trailer fields
		}
		if !bytes.Equal(data, want) || complete != wantComplete {
			t.Errorf("%q: got %q, %v; the reference %q, %v", in, data, err, want, wantErr)
		}
		if wantRest, _ := io.ReadAll(ref.r); complete && !bytes.Equal(rest, wantRest) {
			t.Errorf("%q: left %q, the reference %q", in, rest, wantRest)
		}
	})
}
