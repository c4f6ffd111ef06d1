# Penstock in a container: one static binary, no shell, no root.
# docs/container.md tells how to build and run it, without Docker too.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/penstock . \
 && mkdir -p /out/etc/ssl/certs /out/etc/penstock \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && cp config.yaml config.schema.json /out/etc/penstock/ \
 && echo 'penstock:x:65532:65532:penstock:/:/nonexistent' > /out/etc/passwd \
 && echo 'penstock:x:65532:' > /out/etc/group

FROM scratch
COPY --from=build /out/ /
USER 65532:65532
EXPOSE 8080 9901
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/penstock", "health", "-config", "/etc/penstock/config.yaml"]
ENTRYPOINT ["/penstock"]
CMD ["run", "-config", "/etc/penstock/config.yaml"]
