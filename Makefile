# The front door: every target hands over to Meson and ninja, which know the rest.

BUILD ?= build
PREFIX ?= /usr/local
# Arguments for `meson setup`, such as MESON_FLAGS="-Db_sanitize=address".
MESON_FLAGS ?=
# Names of tests or suites for `make test`, such as TESTS="--suite unit".
TESTS ?=

# The sample that `make demo` makes.
CONTENT ?= examples/pictures/landscape.jpg
STYLE ?= examples/pictures/watercolour.jpg
OUTPUT ?= demo.png
MODEL ?=

.PHONY: all build deps demo test lint format bench install uninstall clean help
.DEFAULT_GOAL := all

all: build ## Build the command: build/impasto

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_FLAGS)

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

deps: ## Install the Debian packages that building and testing need
	@tools/install-packages tools/packages.txt

demo: deps ## Build, restyle a sample picture, and say where it is
	@$(MAKE) --no-print-directory build
	@tools/demo "$(BUILD)" "$(CONTENT)" "$(STYLE)" "$(OUTPUT)" "$(MODEL)"

test: deps ## Build and run all tests; the last line says how many passed and failed
	@$(MAKE) --no-print-directory build
	@tools/run-tests $(BUILD) $(TESTS)

lint: ## Formatting, static analysis, layering, headers and symbols
	@tools/install-packages tools/packages.txt tools/packages-dev.txt
	@$(MAKE) --no-print-directory build
	@tools/lint $(BUILD)

format: ## Rewrite the sources as .clang-format says
	@find include src app tests fuzz bench examples -name '*.[ch]' -o -name '*.inc' | xargs clang-format -i

bench: deps ## Build and run the benchmarks
	@$(MAKE) --no-print-directory build
	@meson test -C $(BUILD) --no-rebuild --benchmark --verbose

install: build ## Install under PREFIX (/usr/local), below DESTDIR if set
	@meson configure $(BUILD) --no-pager -Dprefix=$(PREFIX) >/dev/null
	@meson install -C $(BUILD)

uninstall: ## Remove what `make install` put there
	@ninja -C $(BUILD) uninstall

clean: ## Remove everything that was built
	rm -rf $(BUILD) build-ci

help: ## This list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16
