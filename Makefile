# Everything a person does with this repository. `make help` lists it.

SHELL := /bin/bash
PREFIX ?= /usr/local
DESTDIR ?=

# What `make run` does: a short visit to the real thing.
RUN ?= reservation_contention-crash-restart
FAULT_WINDOW ?= 15
OUTPUT_ROOT ?= artifacts

# How long `make fuzz` looks at each decoder, and at which (all, if none is named).
SECONDS ?= 60
TARGET ?=

# The Swift runtime is linked into the programs, so that a machine that runs them needs none.
RELEASE := swift build -c release --static-swift-stdlib
BINARIES := .build/release
PROGRAMS := allocdb-jepsen allocdb-jepsen-helper allocdb-guest-agent allocdb-local-cluster allocdb-bench
SWIFT_FILES := Package.swift Sources Tests
STYLE := --configuration .swift-format --parallel --recursive $(SWIFT_FILES)

.PHONY: help setup build run test fuzz lint format install bench sensitivity clean

help: ## lists these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## installs missing Debian packages (packages.txt)
	@scripts/setup

build: setup ## builds the programs for use, under .build/release
	@for program in $(PROGRAMS); do \
	    echo $(RELEASE) --product $$program; $(RELEASE) --product $$program || exit 1; \
	done

run: build ## carries out one short run (RUN=, FAULT_WINDOW=) and judges it
	$(BINARIES)/allocdb-jepsen run $(RUN) --fault-window $(FAULT_WINDOW) --output-root $(OUTPUT_ROOT)

test: setup lint ## checks the format, builds, and runs all tests
	swift build --build-tests
	swift test --skip-build --disable-xctest

fuzz: setup ## looks for inputs that break a decoder (SECONDS= for each, TARGET=)
	scripts/fuzz run $(SECONDS) $(TARGET)

lint: ## checks the format of all Swift files
	swift format lint --strict $(STYLE)

format: ## formats all Swift files
	swift format format --in-place $(STYLE)

install: build ## installs programs and shell completions under PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(addprefix $(BINARIES)/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BINARIES)/allocdb-jepsen completions bash \
	    > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/allocdb-jepsen
	$(BINARIES)/allocdb-jepsen completions zsh \
	    > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_allocdb-jepsen
	$(BINARIES)/allocdb-jepsen completions fish \
	    > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/allocdb-jepsen.fish

bench: build ## measures on this machine
	$(BINARIES)/allocdb-bench recorder
	$(BINARIES)/allocdb-bench analyze
	$(BINARIES)/allocdb-bench search
	$(BINARIES)/allocdb-bench cluster

# What `make sensitivity` measures; without BUGS all.
SEEDS ?= 10
LANES ?= 2
BUGS ?=
SENSITIVITY := docs/reference/sensitivity.md
comma := ,

sensitivity: ## measures which run finds which bug (SEEDS=, LANES=, BUGS=), and writes the table
	@for program in Sensitivity BrokenReplica $(PROGRAMS); do \
	    swift build --product $$program || exit 1; \
	done
	.build/debug/Sensitivity --seeds $(SEEDS) --lanes $(LANES) --sound-seeds 3 \
	    $(if $(BUGS),$(addprefix --bug ,$(subst $(comma), ,$(BUGS))),--document $(SENSITIVITY))

clean: ## removes what was built
	rm -rf .build
