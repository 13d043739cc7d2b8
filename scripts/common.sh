# shellcheck shell=bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What the scripts share. Sourced, never executed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
build_dir="$root/build"
# shellcheck disable=SC2034
venv="$root/.venv"

# step TEXT...: one line of progress.
step() {
  printf '== %s\n' "$*"
}

# fail TEXT REMEDY: what went wrong and what to do about it; ends the script.
fail() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then
    printf '       %s\n' "$2" >&2
  fi
  exit 1
}

# A command that fails without `fail` still names its script and line.
trap 'printf "error: %s:%s: command failed: %s\n" "$0" "$LINENO" "$BASH_COMMAND" >&2' ERR

# show_usage: the comment at the top of the script that sourced this file.
show_usage() {
  sed -n '/^# Usage:/,/^$/ { s/^# \{0,1\}//; p; }' "$0"
}

# logged LOG COMMAND...: runs a command with its output in LOG; on failure shows
# the end of it and returns non-zero.
logged() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if "$@" > "$log" 2>&1 < /dev/null; then
    return 0
  fi
  printf '%s\n' "-- last lines of $log:" >&2
  tail -n 40 "$log" >&2
  return 1
}

# hash_of PATH...: one line that changes when a file below any of the paths does
# (names and contents; caches of Python do not count).
hash_of() {
  find "$@" -type f ! -name '*.pyc' ! -path '*/__pycache__/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# count_jobs: parallel compilations that processors and memory allow.
count_jobs() {
  local processors memory_kib jobs
  processors=$(nproc)
  # Templates of MLIR take up to 1.2 GiB per compilation.
  memory_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  jobs=$((memory_kib / (1200 * 1024)))
  if [ "$jobs" -gt "$processors" ]; then
    jobs=$processors
  fi
  if [ "$jobs" -lt 1 ]; then
    jobs=1
  fi
  echo "$jobs"
}

# find_cmake: Debian's cmake, or the first one on PATH. The one in /usr/bin goes
# first because a Python environment may put an unsuitable one in front of it.
find_cmake() {
  local candidate
  for candidate in /usr/bin/cmake cmake; do
    if command -v "$candidate" > /dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# list_missing PACKAGE...: those that are not installed.
list_missing() {
  local package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" \
      != installed ]; then
      echo "$package"
    fi
  done
}

# install_packages PACKAGE...: those that are not installed, with apt-get.
install_packages() {
  if ! command -v dpkg-query > /dev/null; then
    step "packages: not a Debian system, expecting $* or their like"
    return
  fi
  local missing sudo=()
  mapfile -t missing < <(list_missing "$@")
  if [ ${#missing[@]} = 0 ]; then
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo > /dev/null; then
      fail "Debian packages are missing: ${missing[*]}" \
        "as root: apt-get update && apt-get install ${missing[*]}"
    fi
    sudo=(sudo)
  fi
  step "packages: installing ${missing[*]}"
  logged "$build_dir/log/apt-update.txt" "${sudo[@]}" apt-get update ||
    fail "apt-get update failed" "check the network and /etc/apt/sources.list"
  logged "$build_dir/log/apt-install.txt" \
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get install failed" \
      "LLVM 22 comes from the suite bookworm-security of Debian 12: is it in /etc/apt/sources.list?"
}
