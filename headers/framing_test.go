package headers

import "testing"

func TestRequestFraming(t *testing.T) {
	none, chunked := Framing{NoBody, -1}, Framing{Chunked, -1}
	for _, tc := range []struct {
		name, raw string
		http10    bool
		want      Framing
		problem   Problem
	}{
		{"no field, no body (9112 §6.3 rule 7)", "Host: a\r\n", false, none, NoProblem},
		{"a length", "Content-Length: 5\r\n", false, Framing{Sized, 5}, NoProblem},
		{"a length of zero is stated", "Content-Length: 0\r\n", false, Framing{Sized, 0}, NoProblem},
		{"a length in HTTP/1.0", "Content-Length: 5\r\n", true, Framing{Sized, 5}, NoProblem},
		{"leading zeros are digits (9110 §8.6)", "Content-Length: 0002\r\n", false, Framing{Sized, 2}, NoProblem},
		{"the greatest length", "Content-Length: 9223372036854775807\r\n", false, Framing{Sized, 9223372036854775807}, NoProblem},
		{"a length out of range", "Content-Length: 9223372036854775808\r\n", false, Framing{}, BadLength},
		{"a length far out of range", "Content-Length: 99999999999999999999999999\r\n", false, Framing{}, BadLength},
		{"a sign", "Content-Length: +5\r\n", false, Framing{}, BadLength},
		{"a negative length", "Content-Length: -5\r\n", false, Framing{}, BadLength},
		{"hexadecimal", "Content-Length: 0x5\r\n", false, Framing{}, BadLength},
		{"an empty length", "Content-Length:\r\n", false, Framing{}, BadLength},
		{"a space inside", "Content-Length: 1 2\r\n", false, Framing{}, BadLength},
		{"a list", "Content-Length: 5, 5\r\n", false, Framing{}, BadLength},
		{"twice the same (9112 §6.3 rule 5)", "Content-Length: 5\r\ncontent-length: 5\r\n", false, Framing{}, RepeatedLength},
		{"twice, different", "Content-Length: 5\r\nContent-Length: 6\r\n", false, Framing{}, RepeatedLength},
		{"chunked", "Transfer-Encoding: chunked\r\n", false, chunked, NoProblem},
		{"chunked in capitals (9112 §7)", "Transfer-Encoding: CHUNKED\r\n", false, chunked, NoProblem},
		{"chunked with a length (9112 §6.1)", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", false, Framing{}, LengthAndCoding},
		{"two coding fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", false, Framing{}, RepeatedCoding},
		{"identity and chunked in two fields", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", false, Framing{}, RepeatedCoding},
		{"a coding in HTTP/1.0 (9112 §6.1)", "Transfer-Encoding: chunked\r\n", true, Framing{}, CodingInHTTP10},
		{"gzip alone leaves the length open (9112 §6.3 rule 4)", "Transfer-Encoding: gzip\r\n", false, Framing{}, BadCoding},
		{"identity", "Transfer-Encoding: identity\r\n", false, Framing{}, BadCoding},
		{"chunked is not last", "Transfer-Encoding: chunked, gzip\r\n", false, Framing{}, BadCoding},
		{"chunked twice (9112 §6.1)", "Transfer-Encoding: chunked, chunked\r\n", false, Framing{}, BadCoding},
		{"gzip, chunked is unknown to us (9112 §6.1)", "Transfer-Encoding: gzip, chunked\r\n", false, Framing{}, UnknownCoding},
		{"an empty coding", "Transfer-Encoding:\r\n", false, Framing{}, BadCoding},
		{"an empty member", "Transfer-Encoding: chunked,\r\n", false, Framing{}, BadCoding},
		{"a leading empty member", "Transfer-Encoding: ,chunked\r\n", false, Framing{}, BadCoding},
		{"a prefix", "Transfer-Encoding: xchunked\r\n", false, Framing{}, BadCoding},
		{"a parameter", "Transfer-Encoding: chunked;q=1\r\n", false, Framing{}, BadCoding},
		{"quoted", "Transfer-Encoding: \"chunked\"\r\n", false, Framing{}, BadCoding},
		{"a vertical look-alike", "Transfer-Encoding: chun\xe2\x84\xaaed\r\n", false, Framing{}, BadCoding},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			if p := b.Parse([]byte(tc.raw)); p != NoProblem {
				t.Fatalf("Parse: %v", p)
			}
			got, p := RequestFraming(&b, !tc.http10)
			if got != tc.want || p != tc.problem {
				t.Errorf("%q: got %v %v, want %v %v", tc.raw, got, p, tc.want, tc.problem)
			}
			b.DropHopByHop()
			if again, q := RequestFraming(&b, !tc.http10); again != got || q != p {
				t.Errorf("after DropHopByHop: got %v %v, want the same judgement", again, q)
			}
		})
	}
}

func TestResponseFraming(t *testing.T) {
	for _, tc := range []struct {
		name, method, raw string
		status            int
		http10            bool
		want              Framing
		problem           Problem
	}{
		{"a length", "GET", "Content-Length: 5\r\n", 200, false, Framing{Sized, 5}, NoProblem},
		{"chunked", "GET", "Transfer-Encoding: chunked\r\n", 200, false, Framing{Chunked, -1}, NoProblem},
		{"until the connection ends (9112 §6.3 rule 8)", "GET", "", 200, false, Framing{UntilClose, -1}, NoProblem},
		{"until the connection ends in HTTP/1.0", "POST", "", 200, true, Framing{UntilClose, -1}, NoProblem},
		{"HEAD states what it does not carry (9110 §8.6)", "HEAD", "Content-Length: 5\r\n", 200, false, Framing{NoBody, 5}, NoProblem},
		{"HEAD of chunked content", "HEAD", "Transfer-Encoding: chunked\r\n", 200, false, Framing{NoBody, -1}, NoProblem},
		{"HEAD cannot be trusted with both", "HEAD", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 200, false, Framing{}, LengthAndCoding},
		{"methods have a case (9110 §9.1)", "head", "Content-Length: 5\r\n", 200, false, Framing{Sized, 5}, NoProblem},
		{"304 (9112 §6.3 rule 1)", "GET", "Content-Length: 5\r\n", 304, false, Framing{NoBody, 5}, NoProblem},
		{"204 whatever it says", "GET", "Content-Length: 5\r\n", 204, false, Framing{NoBody, -1}, NoProblem},
		{"103 whatever it says", "GET", "Transfer-Encoding: chunked\r\n", 103, false, Framing{NoBody, -1}, NoProblem},
		{"205 may carry nothing but says so itself", "GET", "Content-Length: 0\r\n", 205, false, Framing{Sized, 0}, NoProblem},
		{"two lengths that agree (9112 §6.3 rule 5)", "GET", "Content-Length: 5\r\nContent-Length: 05\r\n", 200, false, Framing{Sized, 5}, NoProblem},
		{"two lengths that do not", "GET", "Content-Length: 5\r\nContent-Length: 6\r\n", 200, false, Framing{}, RepeatedLength},
		{"a list of lengths", "GET", "Content-Length: 5, 6\r\n", 200, false, Framing{}, BadLength},
		{"length and coding (9112 §6.3 rule 3)", "GET", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 200, false, Framing{}, LengthAndCoding},
		{"two codings", "GET", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 200, false, Framing{}, RepeatedCoding},
		{"an unknown coding", "GET", "Transfer-Encoding: gzip, chunked\r\n", 200, false, Framing{}, UnknownCoding},
		{"a coding in HTTP/1.0 (9112 §6.1)", "GET", "Transfer-Encoding: chunked\r\n", 200, true, Framing{}, CodingInHTTP10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			if p := b.Parse([]byte(tc.raw)); p != NoProblem {
				t.Fatalf("Parse: %v", p)
			}
			got, p := ResponseFraming([]byte(tc.method), tc.status, &b, !tc.http10)
			if got != tc.want || p != tc.problem {
				t.Errorf("got %v %v, want %v %v", got, p, tc.want, tc.problem)
			}
		})
	}
}

func TestParseStatusLine(t *testing.T) {
	for _, tc := range []struct {
		line    string
		http11  bool
		status  int
		reason  string
		problem Problem
	}{
		{"HTTP/1.1 200 OK", true, 200, "OK", NoProblem},
		{"HTTP/1.0 404 Not Found", false, 404, "Not Found", NoProblem},
		{"HTTP/1.1 200 ", true, 200, "", NoProblem},
		{"HTTP/1.1 599", true, 599, "", NoProblem},
		{"HTTP/1.1 200 \xe4\t!", true, 200, "\xe4\t!", NoProblem},
		{"HTTP/1.1 099 Low", false, 0, "", BadStatus},
		{"HTTP/1.1 600 High", false, 0, "", BadStatus},
		{"HTTP/1.1 2x0 OK", false, 0, "", BadStatus},
		{"HTTP/1.1  200 OK", false, 0, "", BadStatus},
		{"HTTP/1.1 2000 OK", false, 0, "", BadStatusLine},
		{"HTTP/1.1 20", false, 0, "", BadStatusLine},
		{"HTTP/1.1\t200 OK", false, 0, "", BadStatusLine},
		{"HTTP/2.0 200 OK", false, 0, "", BadVersion},
		{"HTTP/1.2 200 OK", false, 0, "", BadVersion},
		{"http/1.1 200 OK", false, 0, "", BadStatusLine},
		{" HTTP/1.1 200 OK", false, 0, "", BadStatusLine},
		{"HTTP/1.1 200 O\rK", false, 0, "", BadStatusLine},
		{"HTTP/1.1 200 O\x00K", false, 0, "", BadStatusLine},
		{"ICY 200 OK over there", false, 0, "", BadStatusLine},
		{"", false, 0, "", BadStatusLine},
	} {
		http11, status, reason, p := ParseStatusLine([]byte(tc.line))
		if http11 != tc.http11 || status != tc.status || string(reason) != tc.reason || p != tc.problem {
			t.Errorf("%q (9112 §4): got %v %d %q %v", tc.line, http11, status, reason, p)
		}
	}
}
