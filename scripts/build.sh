#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/build.sh [--no-python] [--tests-deps]
#
# Installs what is missing, builds the tools into build/bin/ and installs the
# Python package into .venv/. Running it again does only what is left to do.
#
#   --no-python   without .venv/ and the Python package
#   --tests-deps  also builds the unit tests and installs what the tests
#                 compare with (PyTorch, ONNX Runtime, ...) into .venv/

set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=(
  # compiler
  clang-22 lld-22 ninja-build cmake ccache
  # MLIR and the tools that its tests use (FileCheck, lit, mlir-tblgen)
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools zlib1g-dev libzstd-dev
  # file formats
  libonnx-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev
  # command line, unit tests, conformance models of ONNX
  libcli11-dev libgtest-dev libonnx-testdata
  ca-certificates
)
python_packages=(python3 python3-dev python3-venv)
tools=(photonic-compile photonic-run photonic-opt photonic-translate
  photonic-lsp-server)

with_python=1
with_tests=0
for argument in "$@"; do
  case $argument in
    --no-python) with_python=0 ;;
    --tests-deps) with_tests=1 ;;
    -h | --help)
      show_usage
      exit 0
      ;;
    *) fail "unknown option '$argument'" "scripts/build.sh --help lists all" ;;
  esac
done
if [ $with_python = 0 ] && [ $with_tests = 1 ]; then
  fail "--tests-deps needs the Python package" "leave --no-python out"
fi
cd "$root"

#------------------------------------------------------------------------------
# Virtual environment
#------------------------------------------------------------------------------

# find_python: a Python of at least 3.10 that can make virtual environments.
# Debian's comes first, because its headers were installed above.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11 \
    python3.10; do
    if "$candidate" -c 'import sys, ensurepip, venv
sys.exit(sys.version_info < (3, 10))' > /dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

make_venv() {
  # A virtual environment holds absolute paths: one that was moved is made anew.
  if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version \
    > /dev/null 2>&1 && grep -qsF "$venv" "$venv/bin/activate"; then
    return
  fi
  local python
  python=$(find_python) ||
    fail "no Python 3.10 or newer with venv was found" \
      "on Debian: apt-get install ${python_packages[*]}"
  step "python: creating .venv with $python"
  logged "$build_dir/log/venv.txt" "$python" -m venv --clear "$venv" ||
    fail "cannot create $venv" "look into build/log/venv.txt"
}

# pip_install LOG ARGUMENT...
pip_install() {
  local log=$1
  shift
  logged "$build_dir/log/$log.txt" \
    "$venv/bin/python" -m pip install --disable-pip-version-check "$@" ||
    fail "pip install failed" \
      "look into build/log/$log.txt; the network is needed the first time"
}

# has_stamp STAMP TEXT: whether the file holds exactly this text.
has_stamp() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# What pip would fetch into an isolated environment to build the package; here
# the package is built with the tools, and pip only installs the result.
install_build_backend() {
  if ! "$venv/bin/python" -c 'import nanobind, scikit_build_core' \
    > /dev/null 2>&1; then
    step "python: installing scikit-build-core and nanobind into .venv"
    pip_install pip-backend 'scikit-build-core>=0.10' 'nanobind>=2.0'
  fi
}

install_python_package() {
  local stamp="$venv/.photonic-package" key
  key="$("$venv/bin/python" --version) $(
    hash_of pyproject.toml python runtime/targets "$build_dir/python/photonic"
  )"
  if has_stamp "$stamp" "$key" &&
    "$venv/bin/python" -c 'import photonic' > /dev/null 2>&1; then
    return
  fi
  step "python: installing the package photonic into .venv"
  rm -f "$stamp"
  # The options keep this configuration as it is, so that nothing is compiled
  # a second time.
  CMAKE_EXECUTABLE=$(find_cmake) pip_install pip-photonic \
    --no-build-isolation --config-settings=build-dir=build \
    --config-settings=cmake.build-type=Release \
    --config-settings=cmake.define.PHOTONIC_BUILD_TESTS=ON "$root"
  "$venv/bin/python" -c 'import photonic' ||
    fail "the installed package photonic cannot be imported" \
      "look into build/log/pip-photonic.txt"
  printf '%s\n' "$key" > "$stamp"
}

install_test_packages() {
  local stamp="$venv/.photonic-tests" key list=scripts/test-requirements.txt
  local torch
  key="$("$venv/bin/python" --version) $(hash_of "$list")"
  if has_stamp "$stamp" "$key"; then
    return
  fi
  step "python: installing what the tests compare with into .venv"
  rm -f "$stamp"
  # PyTorch by itself and first: a plain requirement of another package would
  # bring its newest release. Which build pip takes (for CPUs, or with several
  # gigabytes of CUDA) is a matter of pip's own configuration, see
  # docs/troubleshooting.md.
  torch=$(grep '^torch==' "$list")
  pip_install pip-torch "$torch"
  pip_install pip-tests -r "$list"
  printf '%s\n' "$key" > "$stamp"
}

#------------------------------------------------------------------------------
# Tools
#------------------------------------------------------------------------------

configure() {
  local cmake arguments key stamp="$build_dir/.configured"
  cmake=$(find_cmake) ||
    fail "cmake was not found" "install CMake 3.22 or newer"
  arguments=(--preset default)
  if [ $with_python = 1 ]; then
    arguments+=(-DPHOTONIC_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$venv/bin/python"
      "-DPHOTONIC_PYTHON=$venv/bin/python")
  fi
  key="$("$cmake" --version | head -n 1) ${arguments[*]} $(hash_of CMakePresets.json)"
  if [ -f "$build_dir/build.ninja" ] && has_stamp "$stamp" "$key"; then
    return # ninja itself notices changed CMake files
  fi
  step "configure: cmake ${arguments[*]}"
  # Answers that an earlier configuration cached would win over the preset's.
  rm -rf "$build_dir/CMakeCache.txt" "$build_dir/CMakeFiles"
  logged "$build_dir/log/configure.txt" "$cmake" "${arguments[@]}" ||
    fail "cmake failed" "look into build/log/configure.txt, or remove build/ and try again"
  printf '%s\n' "$key" > "$stamp"
}

build() {
  local targets=("${tools[@]}") started=$SECONDS
  if [ $with_python = 1 ]; then
    targets+=(photonic_python)
  fi
  if [ $with_tests = 1 ]; then
    targets=(all)
  fi
  if [ -f "$build_dir/.ninja_log" ]; then
    step "build: ninja ${targets[*]}"
  else
    step "build: ninja ${targets[*]} (some minutes the first time)"
  fi
  if ! ninja -C "$build_dir" -j"$(count_jobs)" "${targets[@]}" < /dev/null \
    > "$build_dir/log/build.txt" 2>&1; then
    sed -n '/^FAILED:\|error:/,+20p' "$build_dir/log/build.txt" | head -n 60 >&2
    fail "ninja failed" "the whole output is in build/log/build.txt"
  fi
  step "build: done in $((SECONDS - started)) s"
}

if [ $with_python = 1 ]; then
  packages+=("${python_packages[@]}")
fi
mkdir -p "$build_dir/log"
install_packages "${packages[@]}"
if [ $with_python = 1 ]; then
  make_venv
  install_build_backend
fi
if [ $with_tests = 1 ]; then
  # Before the configuration: lit asks this Python what it can import.
  install_test_packages
fi
configure
build
if [ $with_python = 1 ]; then
  install_python_package
fi
step "ready: tools in build/bin/$([ $with_python = 0 ] || echo ', Python package in .venv/')"
