# `make` lists the targets. `make demo` and `make test` need Go and make, nothing else.

LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TOOLS   ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mercer-tools
TIMEOUT ?= 20m

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset build test check lint fmt generate fuzz compose-test bench tidy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## a whole shop on http://localhost:3001, with its data in ./data
	@exec bin/mercer serve --demo

demo-reset: ## throw the data of the demo away
	@if [ -e data/shop.db.lock ] && command -v flock >/dev/null && ! flock -n data/shop.db.lock true; then \
		echo "a server serves ./data: stop it first" >&2; exit 1; fi
	@rm -rf data
	@echo "./data is gone: make demo begins a new shop"

build: ## the programs, in ./bin
	@mkdir -p bin
	@go build -o bin/ ./hosts/...

# What the tests can use, and why it is not used when it is not there. A name in
# MERCER_TEST_REQUIRE makes its lack a failure. The tests themselves look at the
# same variables.
optional        := mysql mariadb race chromium toxiproxy stripe-mock node
with_mysql       = $(MERCER_TEST_MYSQL)
with_mariadb     = $(MERCER_TEST_MARIADB)
with_race        = $(filter 1,$(shell go env CGO_ENABLED))
with_chromium    = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
with_toxiproxy   = $(or $(MERCER_TEST_TOXIPROXY),$(shell command -v toxiproxy-server))
with_stripe-mock = $(or $(MERCER_TEST_STRIPE_MOCK),$(shell command -v stripe-mock),$(wildcard $(TOOLS)/stripe-mock-*/stripe-mock))
with_node        = $(and $(shell command -v node),$(shell command -v npm))
lack_mysql       = MySQL (MERCER_TEST_MYSQL is not set)
lack_mariadb     = MariaDB (MERCER_TEST_MARIADB is not set)
lack_race        = the race detector (there is no C compiler)
lack_chromium    = the reference page in a browser (there is no chromium)
lack_toxiproxy   = networks that break (there is no toxiproxy-server)
lack_stripe-mock = requests before Stripe's own mock (there was no stripe-mock; the tests build it where they can)
lack_node        = webhooks signed by Stripe's own library (there is no node, or no npm)

comma    := ,
required := $(subst $(comma), ,$(MERCER_TEST_REQUIRE))
unknown  := $(filter-out $(optional),$(required))
missing   = $(foreach x,$(optional),$(if $(strip $(with_$(x))),,$(x)))
refused   = $(filter $(required),$(missing))

# Tests without the race detector, which would take minutes more: one thing happens
# at a time there, or it happens in processes that are killed as they are shipped.
# The tests of hosts/internal race the same server with it.
plain := commerce/embed/simulate commerce/embed/contracttest hosts/server

test: ## all tests; what is not there (databases, C compiler) is left out and named
	$(if $(unknown),@echo "MERCER_TEST_REQUIRE: there is no $(unknown); there are $(optional)" >&2; exit 1)
	$(if $(refused),@$(foreach x,$(refused),echo "required, but cannot be run: $(lack_$(x))" >&2; )exit 1)
	@go test $(if $(strip $(with_race)),-race) -timeout $(TIMEOUT) $$(go list ./... | grep -v $(foreach p,$(plain),-e '/$(p)$$')); status=$$?; \
	go test -timeout $(TIMEOUT) $(foreach p,$(plain),./$(p)) || status=$$?; \
	$(foreach x,$(missing),echo "not run: $(lack_$(x))"; )exit $$status

check: fmt-check lint tidy-check test ## what a change must pass: formatting, lint, go.mod, tests, generated docs

lint: $(TOOLS)/golangci-lint-$(lastword $(subst @, ,$(LINT))) ## golangci-lint, as .golangci.yml says
	@$< run --timeout 10m ./...

# The linter is built outside of this module, so that go.mod stays ours.
$(TOOLS)/golangci-lint-%:
	@mkdir -p $(TOOLS)
	@echo "building $(LINT), once (about two minutes)"
	@GOBIN=$(TOOLS) GOFLAGS= go install $(LINT)
	@mv $(TOOLS)/golangci-lint $@

fmt: ## format the code
	@gofmt -w commerce transport hosts $(wildcard examples)

.PHONY: fmt-check tidy-check
fmt-check:
	@files=$$(gofmt -l commerce transport hosts $(wildcard examples)); \
	if [ -n "$$files" ]; then echo "not formatted (make fmt):"; echo "$$files"; exit 1; fi

tidy-check:
	@go mod tidy -diff

generate: ## write the generated docs again; the tests compare them
	@go test ./hosts/internal/docgen -update

# Each fuzz target of the module in turn: one line of `go test -list` names it.
FUZZ ?= 10s
fuzz: ## every fuzz target for FUZZ=10s each
	@for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' commerce transport hosts | xargs -n1 dirname | sort -u); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$dir/*_test.go); do \
			echo "$$dir $$target"; \
			go test ./$$dir -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) || exit 1; \
		done; \
	done

compose-test: ## the platform of docker-compose.yml: sells, has each container killed, loses nothing
	@go test -tags compose -count 1 -v -timeout 30m -run TestPlatform ./hosts/service/compose

bench: ## what the shop does per second, as a ratio to a floor of plain SQL
	@go test -run '^$$' -bench . ./commerce/...
	@go test -run '^$$' -bench . -benchtime 200x ./hosts/internal/fleettest

tidy: ## bring go.mod and go.sum up to date
	@go mod tidy

clean: ## remove what was built; data stays
	@rm -rf bin
