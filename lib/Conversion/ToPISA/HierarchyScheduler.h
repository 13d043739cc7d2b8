//===- HierarchyScheduler.h - Scheduling with scratchpads in front of DRAM -*-
// C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every region lives off chip. Each operation works on chunks: while one is
// computed, the next is loaded into the other half of a double buffer.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H

#include "ChunkIndex.h"
#include "Chunking.h"
#include "ProductBlock.h"
#include "Scheduler.h"

#include <array>

namespace photonic {

/// Hands out scratchpad bytes within one operation; operations do not share.
class ScratchpadFrame {
public:
  explicit ScratchpadFrame(ProgramEmitter &emitter) : e(emitter) {}
  ChunkBuffer allocate(phx::MemoryRole role, int64_t bytes, int64_t buffers);

private:
  ProgramEmitter &e;
  std::array<int64_t, phx::limits::memories> used{}; ///< by memory
};

/// An elementwise operation that is applied to the chunks of a product, and
/// what its other operand is.
struct Follower {
  mlir::Operation *op = nullptr;
  enum class Other { None, Channel, Scalar, Residual } other = Other::None;
  unsigned otherIndex = 0; ///< operand number, if there is one
  /// The chunk is the second operand.
  bool chunkIsSecond() const { return other != Other::None && otherIndex == 0; }
};

/// A product and the elementwise operations that are fused with it.
struct FusedProduct {
  mlir::Operation *nest = nullptr;
  llvm::SmallVector<Follower> followers;

  mlir::Operation *getLast() const {
    return followers.empty() ? nest : followers.back().op;
  }
};

class HierarchyScheduler final : public Scheduler {
public:
  using Scheduler::Scheduler;

protected:
  void prepare() override;
  mlir::Operation *getEmitter(mlir::Operation *op) const override;
  unsigned getEmissionStep(mlir::Operation *op, unsigned step) const override;
  mlir::LogicalResult schedule(mlir::Operation *op, unsigned step) override;
  void emitHomeCopy(const Storage &to, const Storage &from,
                    int64_t bytes) override;
  SpaceAllocator &getHome(Storage::Kind kind, uint32_t &memory) override;

private:
  friend class FusedProductEmitter;
  friend class WeightGradientEmitter;

  mlir::LogicalResult scheduleProduct(const FusedProduct &group, unsigned step);
  mlir::LogicalResult scheduleWeightGradient(const FusedProduct &group,
                                             const phot::ProductShape &shape,
                                             const phot::TileNest &nest,
                                             unsigned step);
  mlir::LogicalResult reportWorkingSet(phot::ArrayProductOp op,
                                       const ChunkingFailure &failure);
  void scheduleCopies(mlir::Operation *op, const CopyPlan &plan, unsigned step);
  void emitFill(const Storage &result, int64_t elements, float value);
  mlir::LogicalResult scheduleCompute(mlir::Operation *op,
                                      const ComputePlan &plan, unsigned step);

  SpaceAllocator offchip;
  llvm::DenseMap<mlir::Operation *, FusedProduct> groupByLast;
  /// Operations that are emitted with the last of their group, and its step.
  llvm::DenseMap<mlir::Operation *, unsigned> emissionStep;
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> emitters;
};

/// Finds products and what is fused with them.
llvm::SmallVector<FusedProduct> findFusedProducts(mlir::func::FuncOp func);

/// A copy of `elements` consecutive elements.
phx::DmaCopy makeLinearCopy(const phx::Address &dst, const phx::Address &src,
                            const phx::Count &elements);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H
