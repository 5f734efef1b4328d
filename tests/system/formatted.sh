#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C source is as clang-format writes it.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
tools/sources c | xargs clang-format --dry-run -Werror
