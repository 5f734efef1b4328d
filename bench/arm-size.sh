#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the card core for a Cortex-M3, drops what a card does not reach, and prints its size as
# rows for tools/bench. The linked core stays as DIRECTORY/core.o.
#
#   bench/arm-size.sh DIRECTORY
#
# "Without crypto" leaves out AES, SHA-256, ECDSA and GCM of the library behind the port; Milenage
# and CMAC, which are our own, have a row of their own.
set -eu

out=$(readlink -f "$1")
cd "$(dirname "$(readlink -f "$0")")/.."
target=(-mcpu=cortex-m3 -mthumb)
flags=("${target[@]}" -std=c11 -Os -ffreestanding -ffunction-sections -fdata-sections -Wall -Werror -I.)
host_only='^(wire/report|crypto/openssl|crypto/openssl_agree|crypto/openssl_cbc|crypto/mbedtls|crypto/mbedtls_agree|crypto/mbedtls_cbc|card/nvm/flash_ram|card/nvm/flash_fault)\.c$'

command -v arm-none-eabi-gcc >/dev/null || { echo "arm-none-eabi-gcc is not installed" >&2; exit 77; }
mkdir -p "$out"

compile() {
    local source objects=()
    for source in $(find "$@" -name '*.c' | sort | grep -vE "$host_only"); do
        objects+=("$out/${source//\//_}.o")
        arm-none-eabi-gcc "${flags[@]}" -c "$source" -o "${objects[-1]}"
    done
    printf '%s\n' "${objects[@]}"
}

# Code and constants, in bytes, of what the card's three entries reach.
link() {
    local result=$1
    shift
    arm-none-eabi-gcc "${target[@]}" -nostdlib -r -Wl,--gc-sections,-e,kb_card_transmit \
        -Wl,-u,kb_card_power_up,-u,kb_card_format,-u,kb_card_reset "$@" -o "$result"
    arm-none-eabi-size "$result" | awk 'NR == 2 { print $1 }'
}

# The size of a type, as the size of an array of that many bytes.
size_of() {
    printf '#include "card/card.h"\nchar size_of[%s];\n' "$1" >"$out/size.c"
    arm-none-eabi-gcc "${flags[@]}" -c "$out/size.c" -o "$out/size.o"
    printf '%d\n' "0x$(arm-none-eabi-nm -S "$out/size.o" | awk '$4 == "size_of" { print $2 }')"
}

core=$(compile card wire)
own_crypto=$(compile crypto)
# shellcheck disable=SC2086 # lists of files
{
    without=$(link "$out/core-only.o" $core)
    with=$(link "$out/core.o" $core $own_crypto)
}
printf 'code of the card core, Cortex-M3 -Os, without crypto\t%s\tB\t40960\tless\n' "$without"
printf '  Milenage, CMAC and the like on top\t%s\tB\t0\tless\n' $((with - without))
printf 'RAM of a card: state and buffers, Cortex-M3\t%s\tB\t4096\tless\n' \
    "$(size_of 'sizeof(struct kb_card) + KB_APDU_SHORT_MAX')"
