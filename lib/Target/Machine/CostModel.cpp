//===- CostModel.cpp - Closed forms of time -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/Machine/CostModel.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace photonic;

static int64_t toFemtoseconds(double nanoseconds) {
  return std::llround(nanoseconds * 1e6);
}

CostModel::CostModel(const phx::Target &target) {
  Arrays used = getArrays(target);
  TileTime time = used.lowering->getTileTime(used);
  arrays = used.count;
  passFs = toFemtoseconds(time.programNs + time.fillNs);
  vectorFs = toFemtoseconds(1.0 / time.vectorsPerNs);
  bytesPerNs = target.spec.dma().bytes_per_ns().value();
  transferLatencyNs = target.spec.dma().latency_ns().value();
}

int64_t CostModel::getArrayTime(int64_t tiles, int64_t vectors) const {
  return llvm::divideCeilSigned(tiles, arrays) * (passFs + vectors * vectorFs);
}

double CostModel::getTransferTime(double bytes, double transfers) const {
  return bytes / bytesPerNs + transfers * transferLatencyNs;
}

double CostModel::getChunkedTime(double chunks, int64_t arrayFs,
                                 double transferNs) const {
  return std::max(chunks * double(arrayFs) * 1e-6, transferNs) +
         transferNs / chunks;
}
