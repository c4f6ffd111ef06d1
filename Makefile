# The few verbs of the house; each is one line that can be typed by hand.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)

.PHONY: help demo test gate fmt lint race fuzz bench cover build image

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-7s %s\n", $$1, $$2 }' Makefile

demo: ## three origins and the gateway, on port 8080 of every address
	go run . demo

test: ## the tests
	go test ./...

gate: ## everything that has to hold before a change lands
	.ci/run

fmt: ## format all Go files
	gofmt -w $$(git ls-files '*.go')

lint: ## format, vet and the linters of .golangci.yaml
	.ci/run format lint

race: ## the tests with the race detector
	.ci/run race

fuzz: ## every fuzz target for 20000 inputs; FUZZ=1000000x for more
	.ci/run fuzz

bench: ## every benchmark, with allocations
	go test -run '^$$' -bench . -benchmem ./...

cover: ## statement coverage by function, saved as cover.out
	go test -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out

build: ## a static binary called penstock
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o penstock .

image: ## the container image, tagged penstock
	docker build --build-arg VERSION=$(VERSION) -t penstock .
