#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/generate-docs.sh [--check]
#
# Writes docs/generated/: one page per dialect and per group of passes, from the
# descriptions in the .td files. Needs a configured build/ (scripts/build.sh).
#
#   --check  changes nothing; fails if the pages differ from the descriptions

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
[ -f "$build_dir/build.ninja" ] ||
  fail "build/ is not configured" "run scripts/build.sh first"
python=$venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$root/scripts/check_docs.py" --build-dir "$build_dir" \
  "${arguments[@]}"
