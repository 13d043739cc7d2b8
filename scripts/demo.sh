#!/usr/bin/env bash
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Usage: scripts/demo.sh
#
# Builds what is not built yet, trains LeNet-5 with BatchNormalization from random
# weights on handwritten digits, step by step on the simulated machine `mirage`,
# once in the machine's arithmetic and once in FP32, and shows what it took in
# time and energy to reach 95 % accuracy. Then runs the trained network. Everything
# it writes is in build/demo/.

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
example=examples/training
rm -rf "$out"
mkdir -p "$out"
export PATH="$venv/bin:$build_dir/bin:$PATH"

# shown COMMAND ARGUMENT...: prints a command as one would type it, and runs it.
shown() {
  printf '$ %s\n' "$*" | sed 's/ --/ \\\n    --/g'
  "$@" < /dev/null
}

# train NAME ARGUMENT...: trains; leaves NAME.json, the history.
train() {
  local name=$1
  shift
  shown photonic train $example/lenet5_norm.onnx \
    --input $out/train.npz --validation-input $out/test.npz --epochs 5 --batch 32 \
    --loss cross_entropy --optimizer sgd:lr=0.01,momentum=0.9 --seed 0 \
    --history "$out/$name.json" "$@"
}

echo
step "data: 1797 handwritten digits, a fifth of them held out"
shown python $example/digits.py --output-dir $out

echo
step "train: in Mirage's arithmetic (block floating point, residues)"
train mirage --target mirage --report $out/step.json --export $out/trained.onnx

echo
step "train: the same weights and order of digits in FP32, for comparison"
train fp32 --format fp32

echo
step "run: the trained network on the digits that were held out"
shown photonic-compile $out/trained.onnx --target mirage --batch 1 -o $out/lenet5.phx
shown photonic-run $out/lenet5.phx --input image=$out/test_image.npy \
  --labels $out/test_labels.npy --quiet --report $out/inference.json --trace $out/timeline.json

python scripts/show_demo.py $out
