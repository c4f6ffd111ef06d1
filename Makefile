# The few verbs of the house; each is one line that can be typed by hand.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)

.PHONY: help demo test gate build image

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-7s %s\n", $$1, $$2 }' Makefile

demo: ## three origins and the gateway on 127.0.0.1:8080
	go run . demo

test: ## the tests
	go test ./...

gate: ## everything that has to hold before a change lands
	.ci/run

build: ## a static binary called penstock
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o penstock .

image: ## the container image, tagged penstock
	docker build --build-arg VERSION=$(VERSION) -t penstock .
