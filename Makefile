# SPDX-License-Identifier: Apache-2.0
# Names for what the scripts do; they work without make as well.

.PHONY: all setup build demo check bench coverage format lint install clean

all: build

setup: # install the Debian packages that are missing
	tools/setup

build: # build/keyborn
	tools/setup build
	tools/build

demo: # twenty SIMs through a virtual reader
	./demo

check: # every test
	./check

bench: # figures: speed, memory, wear, size
	tools/setup build demo check
	tools/build release keyborn bench/keyborn-bench
	tools/bench

coverage: # build-coverage/meson-logs/coverage.html
	tools/setup build demo check coverage
	tools/build coverage
	tools/coverage

format: # rewrite the sources as .clang-format wants them
	tools/setup check
	tools/sources c | xargs clang-format -i

lint: # clang-tidy, cppcheck, clang-format, shellcheck
	tools/setup build check lint
	tools/build clang
	tools/lint

install: build # under DESTDIR and the prefix of build/
	meson install -C build --no-rebuild

clean:
	rm -rf build build-*
