# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the system tests share. Sourced; gives:
#   $source_root   the sources
#   $KEYBORN       the command under test (Meson hands it in; else build/keyborn)
#   $work          a directory of this run's own, removed at its end
# and the functions below. Every test ends in one of them or in success.

source_root=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
KEYBORN=${KEYBORN:-$source_root/build/keyborn}
work=$(mktemp -d "${TMPDIR:-/tmp}/keyborn-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
export KEYBORN LC_ALL=C.UTF-8

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "SKIP: $*"
    exit 77
}

# need COMMAND PACKAGE
need() {
    PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || skip "$1 is not installed (package $2)"
}

# equal WHAT EXPECTED SEEN
equal() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# has WHAT TEXT PATTERN (an extended regular expression)
has() {
    grep -qE -- "$3" <<<"$2" || fail "$1: no '$3' in: $2"
}

has_not() {
    ! grep -qE -- "$3" <<<"$2" || fail "$1: '$3' in: $2"
}

# Waits until a command succeeds, twenty seconds at most. until_true WHAT COMMAND...
until_true() {
    local what=$1
    shift
    for _ in $(seq 400); do
        "$@" && return 0
        sleep 0.05
    done
    fail "$what did not happen"
}
