#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/random_search.sh [COUNT [SUITE...]]
#
# Searches for faults with many random programs: every test that asks
# getRandomShare how many to take (runtime/unittests/support/RandomShare.h) takes
# COUNT of them, 200000 if not given. SUITE: folders of runtime/unittests and
# unittests; all that have such tests if none is given. Tests run in parallel, one
# per processor; what was built last is run (scripts/build.sh).
#
# Ends with one line per test,
#
#   SUITE TEST: passed, N s
#
# and exits non-zero if one failed. What a test said is in
# build/random-search/SUITE.TEST.txt; its first line of failure has the seed, and
# the program of a seed is the same whatever COUNT is.

set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help)
    show_usage
    exit 0
    ;;
esac
count=${1:-200000}
if ! [[ $count =~ ^[1-9][0-9]{0,8}$ ]]; then
  fail "expected a number of programs from 1 to 999999999, found '$count'" \
    "scripts/random_search.sh --help shows the arguments"
fi
if [ $# -gt 0 ]; then
  shift
fi

cd "$root"
results="$build_dir/random-search"
mkdir -p "$results"

# find_suite SUITE: its folder and its program, or nothing.
find_suite() {
  if [ -d "runtime/unittests/$1" ]; then
    echo "runtime/unittests/$1" "phx_$1_tests"
  elif [ -d "unittests/$1" ]; then
    echo "unittests/$1" "photonic_${1,,}_tests"
  fi
}

# list_tests SUITE: its tests that take a share, as gtest names them. The head
# of a test may be broken over two lines, and a function outside of tests ends
# the test before it.
list_tests() {
  local file folder
  read -r folder _ < <(find_suite "$1")
  for file in "$folder"/*.cpp; do
    awk -v file="$file" '
      /^TEST(_F)?\(/ { head = "" ; inHead = 1 }
      inHead {
        head = head $0
        if (match(head, /^TEST(_F)?\([A-Za-z0-9_]+, *[A-Za-z0-9_]+\)/)) {
          name = substr(head, RSTART, RLENGTH)
          sub(/^TEST(_F)?\(/, "", name)
          sub(/\)$/, "", name)
          sub(/, */, ".", name)
          inHead = 0
        }
      }
      /getRandomShare\(/ {
        if (name == "") {
          print file ": getRandomShare is used outside of a test" > "/dev/stderr"
          exit 1
        }
        if (!seen[name]++)
          print name
      }
      /^}/ { name = "" }' "$file" || return
  done
}

# run_test SUITE TEST: leaves its output and, on failure, FAILED in its results.
run_test() {
  local suite=$1 test=$2 started=$SECONDS verdict=passed
  local log="$results/$suite.$test.txt" name program
  read -r _ name < <(find_suite "$suite")
  PHX_RANDOM_PROGRAMS=$count "$build_dir/bin/$name" \
    --gtest_filter="$test" > "$log" 2>&1 &
  program=$!
  # shellcheck disable=SC2064 # of this program
  trap "kill $program 2> /dev/null" TERM
  if ! wait "$program" || ! grep -q '\[  PASSED  \] 1 test' "$log"; then
    verdict="FAILED, see $log"
  fi
  printf '%s %s: %s, %s s\n' "$suite" "$test" "$verdict" \
    "$((SECONDS - started))" >> "$results/verdicts.txt"
}

# Nothing goes on in the background behind the end of this script.
stop_jobs() {
  local pids
  mapfile -t pids < <(jobs -p)
  if [ ${#pids[@]} -gt 0 ]; then
    # Some may have ended since.
    kill "${pids[@]}" 2> /dev/null || true
  fi
}
trap stop_jobs EXIT

suites=("$@")
if [ ${#suites[@]} -eq 0 ]; then
  mapfile -t suites < <(grep -l 'getRandomShare(' runtime/unittests/*/*.cpp \
    unittests/*/*.cpp |
    xargs -n1 dirname | xargs -n1 basename | sort -u)
fi

# All of the arguments, before anything is started.
selected=()
for suite in "${suites[@]}"; do
  read -r _ name < <(find_suite "$suite") ||
    fail "there is no suite '$suite'" \
      "folders of runtime/unittests and unittests are suites"
  tests=$(list_tests "$suite") ||
    fail "cannot list the tests of suite '$suite'"
  [ -n "$tests" ] || fail "suite '$suite' has no test that takes a share"
  [ -x "$build_dir/bin/$name" ] ||
    fail "$name is not built" "run scripts/build.sh first"
  for test in $tests; do
    selected+=("$suite $test")
  done
done

: > "$results/verdicts.txt"
for each in "${selected[@]}"; do
  read -r suite test <<< "$each"
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
    wait -n
  done
  step "random search: $suite $test, $count programs"
  run_test "$suite" "$test" &
done
wait
echo
sort "$results/verdicts.txt"
! grep -q ': FAILED' "$results/verdicts.txt"
