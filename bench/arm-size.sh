#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the card core for a Cortex-M3, drops what a card does not reach, and prints its size as
# rows for tools/bench. The linked core stays as DIRECTORY/core.o.
#
#   bench/arm-size.sh DIRECTORY
#
# "Without crypto" leaves out AES, SHA-256, ECDSA, ECDH and GCM of the library behind the port, the key
# agreement, and what of the algorithms is our own (Milenage, CMAC, HKDF): the last two have rows.
set -eu

out=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/.."
target=(-mcpu=cortex-m3 -mthumb)
flags=("${target[@]}" -std=c11 -Os -ffreestanding -ffunction-sections -fdata-sections -DKB_SMALL -Wall -Werror -I.)
host_only='^(wire/report|crypto/(openssl|mbedtls)[a-z_]*|card/nvm/flash_ram|card/nvm/flash_fault)\.c$'

command -v arm-none-eabi-gcc >/dev/null || { echo "arm-none-eabi-gcc is not installed" >&2; exit 77; }
mkdir -p "$out"

# compile DIRECTORY FLAG... -- ROOM...: prints the objects
compile() {
    local into=$1 extra=() source objects=()
    shift
    while [ "$1" != -- ]; do
        extra+=("$1")
        shift
    done
    shift
    mkdir -p "$into"
    for source in $(find "$@" -name '*.c' | sort | grep -vE "$host_only"); do
        objects+=("$into/${source//\//_}.o")
        arm-none-eabi-gcc "${flags[@]}" "${extra[@]}" -c "$source" -o "${objects[-1]}"
    done
    printf '%s\n' "${objects[@]}"
}

entries=-Wl,--gc-sections,-e,kb_card_transmit,-u,kb_card_power_up,-u,kb_card_format,-u,kb_card_reset
code_of() { arm-none-eabi-size "$1" | awk 'NR == 2 { print $1 }'; }

# Code and constants, in bytes, of what the card's entries reach.
link() {
    local result=$1
    shift
    arm-none-eabi-gcc "${target[@]}" -nostdlib -r "$entries" "$@" -o "$result"
    code_of "$result"
}

# The same by link-time optimization, which wants a program: what is missing stays missing.
link_optimized() {
    local result=$1
    shift
    arm-none-eabi-gcc "${flags[@]}" -flto -flto-partition=none -nostdlib "$entries" \
        -Wl,--unresolved-symbols=ignore-all "$@" -o "$result"
    code_of "$result"
}

# The size of a type, as the size of an array of that many bytes.
size_of() {
    printf '#include "card/transport/link.h"\nchar size_of[%s];\n' "$1" >"$out/size.c"
    arm-none-eabi-gcc "${flags[@]}" -c "$out/size.c" -o "$out/size.o"
    printf '%d\n' "0x$(arm-none-eabi-nm -S "$out/size.o" | awk '$4 == "size_of" { print $2 }')"
}

air='/card_(application|toolkit|ota|cpa)[_.]'
core=$(compile "$out" -- card wire)
own_crypto=$(compile "$out" -- crypto)
agreement=$(compile "$out" -- agree)
optimized=$(compile "$out/optimized" -flto -- card wire)
# shellcheck disable=SC2046,SC2086 # lists of files
{
    desk=$(link "$out/desk.o" $(grep -vE "$air" <<<"$core"))
    whole=$(link "$out/whole.o" $core)
    smallest=$(link_optimized "$out/whole.elf" $optimized)
    agreeing=$(link "$out/agreeing.o" $core $agreement)
    with=$(link "$out/core.o" $core $agreement $own_crypto)
    line=$(entries+=,-u,kb_link_power_up,-u,kb_link_reset,-u,kb_link_send,-u,kb_link_receive,-u,kb_link_silence
        link "$out/line.o" $core)
}

row() { printf '%s\t%s\tB\t%s\tless\n' "$1" "$2" "${3:-0}"; }
row 'code of the card, Cortex-M3 -Os, without the air and crypto' "$desk" 40960
row '  toolkit, secured packets and CPA on top' $((whole - desk))
row 'code of the whole card, without crypto' "$whole" 40960
row '  the same by link-time optimization' "$smallest"
row '  ATR, PPS, T=0 and T=1 in front of it' $((line - whole))
row '  key agreement (agree/) on top' $((agreeing - whole))
row '  Milenage, CMAC, HKDF and the like on top' $((with - agreeing))
row 'RAM of a card: state and buffers, Cortex-M3' "$(size_of 'sizeof(struct kb_card) + KB_APDU_SHORT_MAX')" 4096
row '  of it for toolkit, packets and CPA' \
    "$(size_of 'sizeof(struct kb_toolkit) + sizeof(struct kb_inbox) + sizeof(struct kb_cpa)')"
row 'RAM of T=0, Cortex-M3' "$(size_of 'sizeof(struct kb_t0)')"
row 'RAM of T=1: state and command, Cortex-M3' "$(size_of 'sizeof(struct kb_t1)')"
