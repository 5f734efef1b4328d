#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/setup asks apt-get for what is missing and for nothing else; it needs neither network nor sudo
# when all is there, uses sudo for a user, and says what to do when it can be neither.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

# A machine of our own making: $MISSING are the packages it lacks, $WHO is who we are there.
mkdir "$work/bin"
machine() {
    cat >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
machine dpkg-query <<'SH'
#!/bin/sh
for last; do :; done
case " $MISSING " in
*" $last "*) exit 1 ;;
esac
printf installed
SH
machine apt-get <<'SH'
#!/bin/sh
echo "apt-get $*" >>"$CALLS"
SH
machine id <<'SH'
#!/bin/sh
echo "$WHO"
SH
for tool in bash sh awk dirname readlink env; do
    ln -s "$(command -v $tool)" "$work/bin/$tool"
done

# setup MISSING WHO: what it said, what it called.
setup() {
    : >"$work/calls"
    MISSING=$1 WHO=$2 CALLS=$work/calls PATH=$work/bin "$source_root/tools/setup" build demo >"$work/said" 2>&1
}

setup "" 0 || fail "refused a machine that has everything"
equal "calls with nothing missing" "" "$(cat "$work/calls")"
setup "" 1000 || fail "refused a user whose machine has everything"

setup "meson pcscd clang" 0 || fail "did not install as root"
has "update comes first" "$(head -n 1 "$work/calls")" 'apt-get .*update$'
equal "what is installed" "meson pcscd" "$(sed -n 's/.*--no-install-recommends //p' "$work/calls")"

! setup "meson" 1000 || fail "went on without root and sudo"
has "the way out" "$(cat "$work/said")" 'As root run'
equal "calls without root and sudo" "" "$(cat "$work/calls")"

machine sudo <<'SH'
#!/bin/sh
echo sudo >>"$CALLS"
exec "$@"
SH
setup "meson" 1000 || fail "did not install with sudo"
has "a user asks sudo" "$(cat "$work/calls")" '^sudo'

machine apt-get <<'SH'
#!/bin/sh
exit 100
SH
! setup "meson" 0 || fail "went on when apt-get failed"
has "why it stopped" "$(cat "$work/said")" 'apt-get update failed'
