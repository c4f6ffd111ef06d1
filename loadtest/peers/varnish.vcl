# Varnish with its built-in rules, which store what says it may be stored, and the
# same timeouts as the others. Its log is a ring in shared memory that is always
# written: that is part of it. X-Forwarded-For it sets by itself, X-Varnish is the
# request's id.
vcl 4.1;

backend origin {
    .host = "{{.Host}}";
    .port = "{{.Port}}";
    .connect_timeout = 3s;
    .first_byte_timeout = 15s;
    .between_bytes_timeout = 60s;
    .max_connections = 8192;
}

sub vcl_recv {
    set req.http.X-Forwarded-Proto = "http";
    set req.http.X-Request-Id = req.xid;
}

sub vcl_deliver {
    set resp.http.X-Request-Id = req.http.X-Request-Id;
    if (obj.hits > 0) {
        set resp.http.Cache-Status = "varnish; hit";
    } else {
        set resp.http.Cache-Status = "varnish; fwd=miss";
    }
}
