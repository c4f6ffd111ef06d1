package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"

	"github.com/valyala/fasthttp"
)

// problem is a problem document (RFC 9457 §3).
type problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail,omitempty"`
	Problems []string `json:"problems,omitempty"` // extension: one text for each problem
}

// refuse sends a problem document.
func refuse(ctx *fasthttp.RequestCtx, status int, detail string, problems ...string) {
	body, err := json.MarshalIndent(problem{
		Type: "about:blank", Title: fasthttp.StatusMessage(status), Status: status, Detail: detail, Problems: problems,
	}, "", "  ")
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	ctx.SetStatusCode(status)
	ctx.Response.Header.Del("Content-Disposition")
	ctx.SetContentType("application/problem+json")
	ctx.SetBody(append(body, '\n'))
}

// show sends 200 with v as JSON.
func show(ctx *fasthttp.RequestCtx, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // URLs stay readable, and the response is not HTML
	if err := e.Encode(v); err != nil {
		panic(err) // the types in state.go always marshal
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(body.Bytes())
}

// refuseBroken sends the response to requests that fasthttp could not read.
func refuseBroken(ctx *fasthttp.RequestCtx, err error) {
	status := fasthttp.StatusBadRequest
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		status = fasthttp.StatusRequestHeaderFieldsTooLarge
	} else if errors.Is(err, fasthttp.ErrBodyTooLarge) {
		status = fasthttp.StatusRequestEntityTooLarge
	} else if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		status = fasthttp.StatusRequestTimeout
	}
	refuse(ctx, status, "The request cannot be read.")
}
