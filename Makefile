# Verbs of the project; CMakeLists.txt does the building. `make help` lists them.
BUILD ?= build
JOBS ?= $(shell nproc)
.DEFAULT_GOAL := all
.PHONY: all run test test-unit test-api test-browser asan lint format bench werror clean help setup deps configure

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

setup:
	@tools/setup/packages.sh build

deps: setup
	@tools/setup/fetch_pdfium.sh
	@tools/setup/fetch_dict.sh
	@tools/setup/build_ui.sh

configure: deps
	@[ -f $(BUILD)/build.ninja ] || cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) >/dev/null

all: configure ## build/pai_rag and build/pai_rag_parse
	@ninja -C $(BUILD) -j $(JOBS) --quiet pai_rag pai_rag_parse

run: all ## everything: set-up, build, model, three services, examples, one answered question
	@$(BUILD)/pai_rag load_model
	@exec $(BUILD)/pai_rag up --examples examples --ask "员工每年有多少天年假？"

test: ## every test (needs network once, for packages)
	@tools/setup/packages.sh build test
	@$(MAKE) --no-print-directory all
	@tools/test.sh unit api openai browser

test-unit: ## unit tests only
	@tools/setup/packages.sh build test
	@$(MAKE) --no-print-directory all
	@tools/test.sh unit

test-api: ## behaviour tests of the real binary only
	@$(MAKE) --no-print-directory all
	@tools/test.sh api openai

test-browser: ## browser tests only
	@$(MAKE) --no-print-directory all
	@tools/test.sh browser

asan: ## unit and API tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/setup/packages.sh build test
	@$(MAKE) --no-print-directory all BUILD=build-asan CMAKE_FLAGS=-DRAG_SANITIZE=address,undefined
	@BUILD=build-asan tools/test.sh unit api

lint: ## include directions, formatting, clang-tidy, cppcheck
	@tools/setup/packages.sh build lint
	@$(MAKE) --no-print-directory configure
	@tools/lint/lint.sh $(BUILD)

werror: deps ## every program and test with gcc and with clang, warnings are errors
	@tools/setup/packages.sh build test lint
	@for c in "gcc g++" "clang clang++"; do set -- $$c; \
	  cmake -S . -B build-werror-$$1 -G Ninja -DCMAKE_C_COMPILER=$$1 -DCMAKE_CXX_COMPILER=$$2 -DRAG_WERROR=ON >/dev/null && \
	  ninja -C build-werror-$$1 -j $(JOBS) --quiet && echo "$$1: no warnings" || exit 1; done

format: ## clang-format all sources
	@clang-format -i $$(git ls-files 'src/*.[ch]' 'src/*.cc' 'include/*.h' 'tests/*.[ch]' 'bench/*.[ch]')

bench: all ## the numbers of README's table, written to bench/results/
	@bench/run.sh $(BUILD)

clean: ## removes the build folders (not localdata, models or fetched packages)
	@rm -rf build build-*
