#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/generate-docs.sh [--check]
#
# Writes docs/generated/: one page per dialect and per group of passes, from the
# descriptions in the .td files; the tables of docs/isa.md, from the descriptions of
# instructions; and the outputs of the commands in README.md and docs/tutorial.md.
# Needs a build (scripts/build.sh).
#
#   --check  changes nothing; fails if anything is out of date, or a link is dead

set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

arguments=()
case ${1:-} in
  '') arguments=(--update) ;;
  --check) ;;
  -h | --help)
    show_usage
    exit 0
    ;;
  *) fail "unknown option '$1'" "scripts/generate-docs.sh --help lists all" ;;
esac
if ! [ -f "$build_dir/build.ninja" ] || ! [ -x "$venv/bin/python" ]; then
  fail "there is no build" "run scripts/build.sh first"
fi
exec "$venv/bin/python" "$root/scripts/check_docs.py" --build-dir "$build_dir" \
  "${arguments[@]}"
