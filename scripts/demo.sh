#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/demo.sh
#
# Builds what is not built yet, compiles the LeNet-5 of examples/lenet5 for the
# target `mirage`, runs it on 200 handwritten digits that it was not trained on,
# and shows accuracy, latency and energy. Everything it writes is in build/demo/.

set -Eeuo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
  '') ;;
  -h | --help)
    show_usage
    exit 0
    ;;
  *) fail "unknown option '$1'" "scripts/demo.sh takes none" ;;
esac

cd "$root"
bash scripts/build.sh
out=build/demo
example=examples/lenet5
rm -rf "$out"
mkdir -p "$out"

# shown TOOL ARGUMENT...: prints a command as one would type it, and runs it.
shown() {
  printf '$ %s\n' "build/bin/$*" | sed 's/ --/ \\\n    --/g'
  "$build_dir/bin/$1" "${@:2}" < /dev/null
}

echo
step "compile: from the ONNX file to photonic instructions"
shown photonic-compile $example/lenet5.onnx --target mirage --batch 1 \
  -o $out/lenet5.phx

echo
step "run: in FP32, for comparison"
shown photonic-run $out/lenet5.phx --input image=$example/test_images.npy \
  --labels $example/test_labels.npy --fp32 --quiet \
  --output-dir $out/outputs-fp32 --report $out/fp32.json

echo
step "run: in Mirage's arithmetic (block floating point, residues)"
shown photonic-run $out/lenet5.phx --input image=$example/test_images.npy \
  --labels $example/test_labels.npy --quiet --output-dir $out/outputs \
  --report $out/report.json --trace $out/timeline.json

"$venv/bin/python" scripts/show_demo.py $out
