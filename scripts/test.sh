#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/test.sh
#
# Builds everything and runs every test: unit tests (gtest), tests of the tools
# (lit), tests of the Python package and end to end (pytest), and the check of
# the documentation. A suite that fails does not keep the next from running.
# Ends with one line per suite,
#
#   NAME: N passed, N failed, N skipped
#
# and exits non-zero if any test failed or a suite could not run. Details are in
# build/test-results/.

# shellcheck disable=SC2317 # run_suite calls functions by name
set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  '') ;;
  -h | --help)
    show_usage
    exit 0
    ;;
  *) fail "unknown option '$1'" "scripts/test.sh takes none" ;;
esac

cd "$root"
bash scripts/build.sh --tests-deps
results="$build_dir/test-results"
rm -rf "$results"
mkdir -p "$results"
export PATH="$build_dir/bin:$venv/bin:$PATH"
export PHOTONIC_BUILD_DIR="$build_dir"
jobs=$(count_jobs)
if [ "$jobs" -gt 2 ]; then
  jobs=2
fi

# run_suite NAME COMMAND...: runs a suite, which leaves its results in
# build/test-results/NAME.xml; its failure is remembered, not fatal.
failed_suites=()
run_suite() {
  local name=$1 started=$SECONDS
  shift
  step "test: $name"
  if ! "$@" < /dev/null; then
    failed_suites+=("$name")
  fi
  step "test: $name took $((SECONDS - started)) s"
}

run_gtest() {
  local ctest
  ctest="$(dirname "$(find_cmake)")/ctest"
  "$ctest" --test-dir "$build_dir" -j"$jobs" --no-tests=error --quiet \
    --output-on-failure --output-junit "$results/gtest.xml" \
    --output-log "$results/gtest.txt" || {
    sed -n '/^The following tests FAILED/,$p' "$results/gtest.txt"
    return 1
  }
}

run_lit() {
  /usr/lib/llvm-22/bin/lit -q -v -j"$jobs" \
    --xunit-xml-output "$results/lit.xml" "$build_dir/test"
}

run_pytest() {
  "$venv/bin/python" -m pytest -q -ra --junitxml "$results/pytest.xml" \
    test/python test/e2e
}

run_docs() {
  "$venv/bin/python" scripts/check_docs.py --build-dir "$build_dir" \
    --junit "$results/docs.xml"
}

run_suite gtest run_gtest
run_suite lit run_lit
run_suite pytest run_pytest
run_suite docs run_docs

status=0
echo
for suite in gtest lit pytest docs; do
  "$venv/bin/python" scripts/summarize_tests.py "$suite" \
    "$results/$suite.xml" || status=1
done
# A runner that fails though none of its tests did (a crash, a broken
# configuration) is a failure too.
for suite in "${failed_suites[@]}"; do
  status=1
  printf 'error: the runner of %s failed\n' "$suite" >&2
done
exit $status
