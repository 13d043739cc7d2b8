//===- DigitalPlan.h - Digital operations as vector instructions -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan says what a digital operation does to memory without saying where its
// operands are: the two memory models place them differently, and one of them
// works in chunks.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALPLAN_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALPLAN_H

#include "ProgramEmitter.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <functional>
#include <variant>

namespace photonic {

/// Loops that a plan may put around an instruction. Loops nest 8 deep; the
/// memory model may need one for its chunks.
inline constexpr size_t maxLoops = 7;

/// A constant that the plan needs beside the operands.
struct PlanConstant {
  std::string name;
  llvm::SmallVector<float> values;
};

/// Rearranges elements: an optional fill of the whole result, then strided
/// copies of operands into it. Offsets and strides in bytes, shapes of at most
/// 4 dimensions; dimensions that an instruction cannot walk along (backwards,
/// or too many) are loops around it.
struct CopyPlan {
  std::optional<float> fill;
  struct Loop {
    int64_t count = 1, srcStep = 0, dstStep = 0;
  };
  struct Copy {
    unsigned operand = 0;
    int64_t srcOffset = 0, dstOffset = 0;
    llvm::SmallVector<int64_t> shape, srcStrides, dstStrides;
    llvm::SmallVector<Loop> loops; ///< outermost first
  };
  llvm::SmallVector<Copy, 1> copies;
};

/// Opens the loops of `copy`, lets `emit` append the instruction that copies
/// from the second to the first address, and closes them. `dst` and `src` are
/// where result and operand start.
void emitCopy(
    ProgramEmitter &e, const CopyPlan::Copy &copy, phx::Address dst,
    phx::Address src,
    llvm::function_ref<void(const phx::Address &, const phx::Address &)> emit);

/// Computes `units` independent, equally large pieces of the results. Piece u
/// of a result is its bytes [u * unit, (u + 1) * unit); it needs the same range
/// (with its own unit size) of each operand, or the whole operand where the
/// unit size is 0. The first operand may be a list of `outer` parts of `units`
/// pieces each; then piece u is that range of every part.
struct ComputePlan {
  int64_t units = 1;
  int64_t outer = 1;
  llvm::SmallVector<int64_t> operandUnitBytes;
  llvm::SmallVector<int64_t> resultUnitBytes;
  /// Working memory per unit.
  llvm::SmallVector<int64_t> tempUnitBytes;
  /// Operands whose memory the first result may take over exactly.
  llvm::SmallVector<unsigned> inPlaceOperands;
  llvm::SmallVector<PlanConstant> constants;

  /// Where the pieces that one execution works on start.
  struct Places {
    llvm::SmallVector<phx::Address> operands, temps, constants, results;
    phx::Count units;
    phx::Affine firstUnit;  ///< number of the first piece
    int64_t outerBytes = 0; ///< from one part of the first operand to the next
  };
  std::function<void(ProgramEmitter &, const Places &)> emit;
};

using DigitalPlan = std::variant<CopyPlan, ComputePlan>;

/// Bytes of a tensor in memory: 4 per f32, 1 per ui8, and for i1 4 per 32
/// elements or part of them.
int64_t getStorageBytes(mlir::RankedTensorType type);

/// The plan of an nn operation (not a constant, reshape or contraction).
/// Diagnoses operations that the vector unit cannot execute.
mlir::FailureOr<DigitalPlan> planDigital(mlir::Operation *op);

/// The ONNX operator that an nn operation stands for.
llvm::StringRef getONNXOperator(mlir::Operation *op);

/// The vector function of an elementwise operation with its immediates.
struct Elementwise {
  phx::VecFn fn = phx::VecFn::Copy;
  float s0 = 0, s1 = 0;
};
/// What `op` applies to each element, if it is an elementwise operation.
std::optional<Elementwise> getElementwise(mlir::Operation *op);

/// The count multiplied by a constant.
phx::Count scaleCount(phx::Count count, int64_t factor);

/// Byte strides of an operand of shape `from` that is broadcast to `to`.
llvm::SmallVector<int64_t> getBroadcastStrides(llvm::ArrayRef<int64_t> from,
                                               llvm::ArrayRef<int64_t> to);

/// `address` moved by constant bytes.
phx::Address moveBy(phx::Address address, int64_t bytes);

/// A vec_map over at most 4 dimensions (outermost first).
phx::VecMap makeMap(const Elementwise &function,
                    llvm::ArrayRef<phx::Count> shape, const phx::Address &dst,
                    llvm::ArrayRef<int64_t> dstStrides, const phx::Address &a,
                    llvm::ArrayRef<int64_t> aStrides,
                    const phx::Address &b = {},
                    llvm::ArrayRef<int64_t> bStrides = {});

/// Shape and per-operand byte strides with dimensions merged where every
/// operand is contiguous across them, and unit dimensions dropped.
struct CollapsedShape {
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides; ///< by operand
};
CollapsedShape collapse(llvm::ArrayRef<int64_t> shape,
                        llvm::ArrayRef<llvm::SmallVector<int64_t>> strides);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALPLAN_H
