//===- MaskPlan.cpp - Plans of masks and random numbers -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanKinds.h"

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;

int64_t photonic::getStorageBytes(RankedTensorType type) {
  if (phot::getStored(type))
    return phot::getBlockTensorBytes(type);
  int64_t elements = type.getNumElements();
  if (type.getElementType().isInteger(1))
    return 4 * llvm::divideCeil(elements, 32);
  if (type.getElementType().isInteger(8))
    return elements;
  return 4 * elements;
}

namespace {
/// Elements of a mask in pieces of whole words, where all of them are whole.
struct MaskUnits {
  int64_t units, elements; ///< number of pieces, elements of each

  explicit MaskUnits(int64_t total)
      : units(total % 32 == 0 ? total / 32 : 1), elements(total / units) {}

  int64_t getMaskBytes() const { return 4 * llvm::divideCeil(elements, 32); }
};
} // namespace

static ComputePlan planPack(MaskUnits mask) {
  ComputePlan plan;
  plan.units = mask.units;
  plan.operandUnitBytes = {4 * mask.elements};
  plan.resultUnitBytes = {mask.getMaskBytes()};
  plan.emit = [mask](ProgramEmitter &e, const ComputePlan::Places &p) {
    phx::VecPack pack;
    pack.dst = p.results[0];
    pack.a = p.operands[0];
    pack.count = scaleCount(p.units, mask.elements);
    e.emit(phx::EngineKind::Vec, pack);
  };
  return plan;
}

static ComputePlan planGate(MaskUnits mask) {
  ComputePlan plan;
  plan.units = mask.units;
  plan.operandUnitBytes = {mask.getMaskBytes(), 4 * mask.elements};
  plan.resultUnitBytes = {4 * mask.elements};
  plan.inPlaceOperands = {1};
  plan.emit = [mask](ProgramEmitter &e, const ComputePlan::Places &p) {
    phx::VecGateMask gate;
    gate.dst = p.results[0];
    gate.mask = p.operands[0];
    gate.a = p.operands[1];
    gate.count = scaleCount(p.units, mask.elements);
    e.emit(phx::EngineKind::Vec, gate);
  };
  return plan;
}

FailureOr<DigitalPlan> photonic::planMask(Operation *op) {
  MaskUnits mask(
      cast<RankedTensorType>(op->getResult(0).getType()).getNumElements());
  if (isa<nn::PackSignsOp>(op))
    return DigitalPlan(planPack(mask));
  return DigitalPlan(planGate(mask));
}

FailureOr<DigitalPlan> photonic::planRandom(Operation *op) {
  auto uniform = cast<nn::UniformOp>(op);
  auto stream = static_cast<uint32_t>(uniform.getStream());
  ComputePlan plan;
  plan.units = cast<RankedTensorType>(uniform.getType()).getNumElements();
  plan.operandUnitBytes = {0};
  plan.resultUnitBytes = {4};
  plan.emit = [stream](ProgramEmitter &e, const ComputePlan::Places &p) {
    phx::VecRandom random;
    random.dst = p.results[0];
    random.key = p.operands[0];
    random.first = p.firstUnit;
    random.count = p.units;
    random.stream = stream;
    e.emit(phx::EngineKind::Vec, random);
  };
  return DigitalPlan(std::move(plan));
}
