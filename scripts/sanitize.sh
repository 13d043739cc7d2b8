#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/sanitize.sh [TEST...]
#
# Builds unit tests with AddressSanitizer and UndefinedBehaviorSanitizer (preset
# `sanitize`, in build-sanitize/) and runs them; the first fault ends a test, with
# the place. TEST: their programs, such as phx_isa_tests; photonic_fuzz_tests if
# none is given. Where nothing is built yet that takes the better part of an hour
# on two cores. PHX_RANDOM_PROGRAMS says how many cases each test takes.

set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  -h | --help)
    show_usage
    exit 0
    ;;
esac
tests=("$@")
if [ ${#tests[@]} = 0 ]; then
  tests=(photonic_fuzz_tests)
fi
cd "$root"
build_dir="$root/build-sanitize"
install_packages libclang-rt-22-dev
step "build: ${tests[*]}"
logged "$build_dir/log/configure.txt" "$(find_cmake)" --preset sanitize ||
  fail "cmake failed" "run scripts/build.sh first: it installs what is needed"
logged "$build_dir/log/build.txt" \
  ninja -C "$build_dir" -j "$(count_jobs)" "${tests[@]}" ||
  fail "the build failed" "the log is $build_dir/log/build.txt"

# The libraries of LLVM are not instrumented.
export ASAN_OPTIONS=detect_container_overflow=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
failed=0
for test in "${tests[@]}"; do
  step "$test"
  "$build_dir/bin/$test" --gtest_brief=1 || failed=1
done
exit $failed
