#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script is one that shellcheck has nothing to say about.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
tools/sources shell | xargs shellcheck
